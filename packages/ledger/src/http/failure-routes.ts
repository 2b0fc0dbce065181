import type { Log } from "@brigade/core";
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import type { Catalogue } from "../catalogue/catalogue.ts";
import {
  type FailureFilter,
  failureCountsQuerySchema,
  failureFilterSchema,
  type GoneOn,
  type GoOn,
  goOnSchema,
  type Retried,
} from "../wire/failures.ts";
import type { JobRecord } from "../wire/jobs.ts";
import { body, jobOf, query } from "./questions.ts";
import { rowStream } from "./streams/row-stream.ts";

interface FailureRoutesParts {
  readonly catalogue: Catalogue;
  /** Puts failed objects and directories of a job back to work. */
  readonly retry?: (job: JobRecord, filter: FailureFilter) => Promise<Retried>;
  /** Goes on with a job whose messages were lost. */
  readonly goOn?: (job: JobRecord, how: GoOn) => Promise<GoneOn>;
  /** Called when a job was retried. */
  readonly changed: () => void;
  readonly log: Log;
}

/** What of a job failed or vanished, and putting it back to work. */
export function failureRoutes({ catalogue, retry, goOn, changed, log }: FailureRoutesParts): Hono {
  const routes = new Hono();
  const beingRetried = new Set<string>();

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
  /** Puts work of a job back, once at a time. */
  async function once<T>({ id }: JobRecord, work: () => Promise<T>): Promise<T> {
    if (beingRetried.has(id)) {
      throw new HTTPException(423, { message: `the job ${id} is being retried already` });
    }
    beingRetried.add(id);
    try {
      return await work();
    } finally {
      beingRetried.delete(id);
      changed();
    }
  }
  routes.post("/:id/retry", async (context) => {
    if (retry === undefined) throw withoutBroker();
    const job = await jobOf(context, catalogue);
    const filter = await body(context, failureFilterSchema);
    return context.json(await once(job, () => retry(job, filter)));
  });
  routes.post("/:id/go-on", async (context) => {
    if (goOn === undefined) throw withoutBroker();
    const job = await jobOf(context, catalogue);
    const how = await body(context, goOnSchema);
    return context.json(await once(job, () => goOn(job, how)));
  });
  return routes;
}

function withoutBroker(): HTTPException {
  return new HTTPException(501, { message: "this ledger cannot put work back: it has no broker" });
}
