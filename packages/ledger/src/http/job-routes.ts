import type { Log } from "@brigade/core";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { JobOpenError } from "../tables/jobs.ts";
import {
  type FailureFilter,
  failureCountsQuerySchema,
  failureFilterSchema,
  type Retried,
} from "../wire/failures.ts";
import { closingSchema, type JobRecord, newJobSchema } from "../wire/jobs.ts";
import { body, jobOf, query } from "./questions.ts";
import { rowStream } from "./row-stream.ts";

export interface JobRoutesParts {
  readonly catalogue: Catalogue;
  /** Jobs are opened for these sources only; absent: for any. */
  readonly sources?: readonly string[];
  /** Puts failed objects and directories of a job back to work. */
  readonly retry?: (job: JobRecord, filter: FailureFilter) => Promise<Retried>;
  /** Called when a job was opened, closed or retried. */
  readonly changed: () => void;
  readonly log: Log;
}

export function jobRoutes({ catalogue, sources, retry, changed, log }: JobRoutesParts): Hono {
  const routes = new Hono();
  const beingRetried = new Set<string>();

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

  routes.get("/:id/failures", async (context) => {
    const { id } = await jobOf(context, catalogue);
    return await rowStream(catalogue.questions.failures(id, query(context, failureFilterSchema)), log);
  });
  routes.get("/:id/failures/counts", async (context) => {
    const { id } = await jobOf(context, catalogue);
    const { by, ...filter } = query(context, failureCountsQuerySchema);
    return context.json(await catalogue.questions.failureCounts(id, by, filter));
  });
  routes.get("/:id/vanished", async (context) => {
    const { id } = await jobOf(context, catalogue);
    return await rowStream(catalogue.questions.vanished(id), log);
  });
  routes.get("/:id/directories", async (context) => {
    const { id } = await jobOf(context, catalogue);
    return await rowStream(catalogue.questions.directories(id), log);
  });
  routes.post("/:id/retry", async (context) => {
    if (retry === undefined) {
      throw new HTTPException(501, { message: "this ledger cannot put work back: it has no broker" });
    }
    const job = await jobOf(context, catalogue);
    const { id } = job;
    const filter = await body(context, failureFilterSchema);
    if (beingRetried.has(id)) {
      throw new HTTPException(423, { message: `the job ${id} is being retried already` });
    }
    beingRetried.add(id);
    try {
      return context.json(await retry(job, filter));
    } finally {
      beingRetried.delete(id);
      changed();
    }
  });
  return routes;
}
