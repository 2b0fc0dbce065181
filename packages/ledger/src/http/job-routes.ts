import type { Log } from "@brigade/core";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { JobOpenError } from "../tables/jobs.ts";
import { closingSchema, newJobSchema } from "../wire/jobs.ts";
import { body, jobOf } from "./questions.ts";
import { rowStream } from "./streams/row-stream.ts";

interface JobRoutesParts {
  readonly catalogue: Catalogue;
  /** Jobs are opened for these sources only; absent: for any. */
  readonly sources?: readonly string[];
  /** Called when a job was opened or closed. */
  readonly changed: () => void;
  readonly log: Log;
}

/** Opens and closes jobs, and answers where they stand. */
export function jobRoutes({ catalogue, sources, changed, log }: JobRoutesParts): Hono {
  const routes = new Hono();

  routes.post("/", async (context) => {
    const job = await body(context, newJobSchema);
    if (sources?.includes(job.source) === false) {
      throw new HTTPException(400, { message: `SOURCES of the ledger does not name "${job.source}"` });
    }
    const first = await catalogue.history.isEmpty(job);
    try {
      await catalogue.jobs.open(job);
    } catch (error) {
      if (!(error instanceof JobOpenError)) throw error;
      return context.json({ error: error.message, open: await catalogue.jobs.openOf(job.source) }, 409);
    }
    changed();
    return context.json({ first }, 201);
  });
  routes.get("/", async (context) => context.json(await catalogue.jobs.all()));
  routes.get("/:id", async (context) => {
    const job = await jobOf(context, catalogue);
    return context.json({ ...job, progress: await catalogue.jobs.progress(job.id) });
  });
  routes.post("/:id/close", async (context) => {
    const { id } = await jobOf(context, catalogue);
    const { state } = await body(context, closingSchema);
    await catalogue.jobs.close(id, state);
    changed();
    return context.json(await jobOf(context, catalogue));
  });
  routes.get("/:id/proof", async (context) => {
    const { id } = await jobOf(context, catalogue);
    return context.json(await catalogue.questions.proof(id));
  });

  routes.get("/:id/directories", async (context) => {
    const { id } = await jobOf(context, catalogue);
    return await rowStream(catalogue.questions.directories(id), log);
  });
  return routes;
}
