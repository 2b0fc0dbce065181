import { Hono } from "hono";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { body } from "./questions.ts";
import { filesSchema, positionSchema } from "./wire.ts";

/** What a listing asks: was this page recorded, are these files stored. POST, because the questions are long. */
export function historyRoutes(catalogue: Pick<Catalogue, "recorded" | "unchanged" | "compare">): Hono {
  const routes = new Hono();
  routes.post("/recorded", async (context) => {
    const recorded = await catalogue.recorded(await body(context, positionSchema));
    return context.json({ recorded });
  });
  routes.post("/unchanged", async (context) => {
    const { job, directory, files } = await body(context, filesSchema);
    return context.json({ unchanged: await catalogue.unchanged(job, directory, files) });
  });
  routes.post("/compare", async (context) => {
    const { job, directory, files } = await body(context, filesSchema);
    return context.json({ compared: await catalogue.compare(job, directory, files) });
  });
  return routes;
}
