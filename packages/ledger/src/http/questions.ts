import { MessageError, parseBounded } from "@brigade/core";
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { z } from "zod";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { JobRecord } from "../wire/jobs.ts";

/** Requests are parsed here. What cannot be parsed is refused with the reason. */

export async function body<S extends z.ZodType>(context: Context, schema: S): Promise<z.infer<S>> {
  let value: unknown;
  try {
    value = parseBounded(await context.req.text());
  } catch (cause) {
    if (!(cause instanceof MessageError)) throw cause;
    throw new HTTPException(400, { message: `the body cannot be read: ${cause.message}`, cause });
  }
  return parsed(value, schema);
}

export function query<S extends z.ZodType>(context: Context, schema: S): z.infer<S> {
  return parsed(context.req.query(), schema);
}

function parsed<S extends z.ZodType>(value: unknown, schema: S): z.infer<S> {
  const result = schema.safeParse(value);
  if (!result.success) {
    throw new HTTPException(400, { message: z.prettifyError(result.error), cause: result.error });
  }
  return result.data;
}

/** The job that the path names. */
export async function jobOf(context: Context, { jobs }: Pick<Catalogue, "jobs">): Promise<JobRecord> {
  const id = context.req.param("id");
  const job = (await jobs.all()).find((one) => one.id === id);
  if (job === undefined) throw new HTTPException(404, { message: `there is no job ${id}` });
  return job;
}
