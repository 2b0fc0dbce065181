import type { Log } from "@brigade/core";
import { Hono } from "hono";
import type { Catalogue } from "../catalogue/catalogue.ts";
import {
  directoriesQuerySchema,
  forgettingSchema,
  namesQuerySchema,
  restoringSchema,
  whereQuerySchema,
} from "../wire/objects.ts";
import { body, query } from "./questions.ts";
import { rowStream } from "./streams/row-stream.ts";

/** Where objects lie, and what is reported about that. */
export function objectRoutes(catalogue: Catalogue, log: Log): Hono {
  const routes = new Hono();
  routes.get("/", async (context) => {
    return await rowStream(catalogue.questions.where(query(context, whereQuerySchema)), log);
  });
  routes.get("/names", async (context) => {
    const { directory, ...origin } = query(context, namesQuerySchema);
    return await rowStream(catalogue.questions.storedNames(origin, directory), log);
  });
  routes.get("/directories", async (context) => {
    const { prefix, ...origin } = query(context, directoriesQuerySchema);
    const rows = catalogue.questions.storedDirectories(origin, prefix);
    return await rowStream(rows, log);
  });
  routes.post("/forget", async (context) => {
    const { volume, keys, ...origin } = await body(context, forgettingSchema);
    return context.json({ forgotten: await catalogue.recording.forget(origin, volume, keys) });
  });
  routes.post("/restore", async (context) => {
    const { volume, states, ...origin } = await body(context, restoringSchema);
    await catalogue.recording.restore(origin, volume, states);
    return context.json({ restored: states.length });
  });
  return routes;
}
