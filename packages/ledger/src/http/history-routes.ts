import { Hono } from "hono";
import type { History } from "../catalogue/history.ts";
import { filesSchema, positionSchema } from "../wire/history.ts";
import { body } from "./questions.ts";

/**
 * What a listing asks: was this page recorded, are these files stored. POST, because the questions
 * are long.
 */
export function historyRoutes(history: History): Hono {
  const routes = new Hono();
  routes.post("/recorded", async (context) => {
    const recorded = await history.recorded(await body(context, positionSchema));
    return context.json({ recorded });
  });
  routes.post("/unchanged", async (context) => {
    const { job, directory, files } = await body(context, filesSchema);
    return context.json({ unchanged: await history.unchanged(job, directory, files) });
  });
  routes.post("/compare", async (context) => {
    const { job, directory, files } = await body(context, filesSchema);
    return context.json({ compared: await history.compare(job, directory, files) });
  });
  return routes;
}
