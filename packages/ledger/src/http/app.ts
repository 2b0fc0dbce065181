import { createHash, timingSafeEqual } from "node:crypto";
import { HostError, type Log } from "@brigade/core";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { JobRecord, NewJob } from "../account.ts";
import type { Catalogue } from "../catalogue.ts";
import { JobOpenError } from "../jobs.ts";
import { closingSchema, filesSchema, newJobSchema, positionSchema } from "./wire.ts";

export interface LedgerAppOptions {
  /** Asked of every POST as `Authorization: Bearer …`; absent: nobody is asked. */
  readonly token?: string | undefined;
  /** Jobs are opened for these sources only; absent: for any. */
  readonly sources?: readonly string[];
  readonly log: Log;
}

/** Bytes of a question; the largest asks about a page of 10,000 long names. */
const mostBytes = 32 * 1024 * 1024;

/** The catalogue over HTTP. Errors are JSON: `{"error": "…"}`. */
export function ledgerApp(catalogue: Catalogue, { token, sources, log }: LedgerAppOptions): Hono {
  const app = new Hono();
  app.onError((error, context) => {
    if (error instanceof HTTPException) return context.json({ error: error.message }, error.status);
    log.error({ err: error, path: context.req.path }, "a question to the ledger could not be answered");
    return context.json({ error: error.message }, error instanceof HostError ? 503 : 500);
  });
  app.notFound((context) => context.json({ error: `there is no ${context.req.path}` }, 404));
  app.on("POST", "/*", bodyLimit({ maxSize: mostBytes }));
  if (token !== undefined) app.on("POST", "/*", tokenCheck(token));

  app.post("/jobs", async (context) => {
    const job = await body(context, newJobSchema);
    if (sources?.includes(job.source) === false) {
      throw new HTTPException(400, { message: `SOURCES of the ledger does not name "${job.source}"` });
    }
    const first = await isFirst(catalogue, job);
    try {
      await catalogue.openJob(job);
    } catch (error) {
      if (!(error instanceof JobOpenError)) throw error;
      return context.json({ error: error.message, open: await catalogue.openJobOf(job.source) }, 409);
    }
    return context.json({ first }, 201);
  });
  app.get("/jobs", async (context) => context.json(await catalogue.jobs()));
  app.get("/jobs/:id", async (context) => {
    const job = await jobOf(context, catalogue);
    return context.json({ ...job, progress: await catalogue.progress(job.id) });
  });
  app.get("/jobs/:id/proof", async (context) => {
    const job = await jobOf(context, catalogue);
    return context.json(await catalogue.proof(job.id));
  });
  for (const kind of ["failures", "vanished"] as const) {
    app.get(`/jobs/:id/${kind}`, async (context) => {
      const job = await jobOf(context, catalogue);
      return new Response(ReadableStream.from(lines(catalogue[kind](job.id))), {
        headers: { "content-type": "application/x-ndjson" },
      });
    });
  }
  app.post("/jobs/:id/close", async (context) => {
    const { id } = await jobOf(context, catalogue);
    const { state } = await body(context, closingSchema);
    await catalogue.closeJob(id, state);
    return context.json(await jobOf(context, catalogue));
  });

  app.post("/history/recorded", async (context) => {
    const recorded = await catalogue.recorded(await body(context, positionSchema));
    return context.json({ recorded });
  });
  app.post("/history/unchanged", async (context) => {
    const { job, directory, files } = await body(context, filesSchema);
    return context.json({ unchanged: await catalogue.unchanged(job, directory, files) });
  });
  return app;
}

/** Compares in constant time, whatever was sent. */
function tokenCheck(token: string): MiddlewareHandler {
  const expected = digest(`Bearer ${token}`);
  return async (context, next) => {
    const given = digest(context.req.header("authorization") ?? "");
    if (!timingSafeEqual(given, expected)) {
      throw new HTTPException(401, { message: "the ledger's token is needed: Authorization: Bearer …" });
    }
    await next();
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function body<S extends z.ZodType>(context: Context, schema: S): Promise<z.infer<S>> {
  let value: unknown;
  try {
    value = await context.req.json();
  } catch (cause) {
    throw new HTTPException(400, { message: "the body is not JSON", cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    throw new HTTPException(400, { message: z.prettifyError(parsed.error), cause: parsed.error });
  }
  return parsed.data;
}

async function jobOf(context: Context, catalogue: Catalogue): Promise<JobRecord> {
  const id = context.req.param("id");
  const job = (await catalogue.jobs()).find((one) => one.id === id);
  if (job === undefined) throw new HTTPException(404, { message: `there is no job ${id}` });
  return job;
}

/** Whether no job of the same source and fingerprint has stored anything. */
async function isFirst(catalogue: Catalogue, { source, fingerprint }: NewJob): Promise<boolean> {
  const before = (await catalogue.jobs()).filter(
    (job) => job.source === source && job.fingerprint === fingerprint,
  );
  const standings = await Promise.all(before.map(({ id }) => catalogue.progress(id)));
  return standings.every(({ stored }) => stored.objects === 0);
}

async function* lines(rows: AsyncIterable<unknown>): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const row of rows) yield encoder.encode(`${JSON.stringify(row)}\n`);
}
