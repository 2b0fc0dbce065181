import { FatalError, type FileEntry, HostError, type PageHistory, type RecordedPage } from "@brigade/core";
import { z } from "zod";
import type { JobRecord, JobState, Miss, NewJob, Proof } from "../account.ts";
import { JobOpenError } from "../jobs.ts";
import {
  type JobStanding,
  jobRecordSchema,
  jobStandingSchema,
  missSchema,
  openedSchema,
  proofSchema,
  recordedSchema,
  refusalSchema,
  unchangedSchema,
} from "./wire.ts";

export interface LedgerClientOptions {
  /** Where the ledger answers. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Ends everything that is being asked. */
  readonly signal?: AbortSignal;
  /** An answer that takes longer (milliseconds) will not come; default 30 s. Proofs and lists take as long as they take. */
  readonly timeoutMs?: number;
}

interface Question {
  readonly method?: "GET" | "POST";
  readonly body?: unknown;
  readonly unhurried?: true;
}

/**
 * The ledger of another process. Everything rejects with HostError while it does not answer, with FatalError when it
 * refuses us, with an AbortError when the signal ends it.
 */
export class LedgerClient implements PageHistory {
  readonly #options: LedgerClientOptions;

  constructor(options: LedgerClientOptions) {
    this.#options = options;
  }

  /** Rejects with JobOpenError while one of the source is open. */
  openJob(job: NewJob): Promise<z.infer<typeof openedSchema>> {
    return this.#ask("jobs", openedSchema, { method: "POST", body: job });
  }

  /** Oldest first. */
  jobs(): Promise<readonly JobRecord[]> {
    return this.#ask("jobs", z.array(jobRecordSchema));
  }

  async openJobOf(source: string): Promise<JobRecord | undefined> {
    return (await this.jobs()).find((job) => job.source === source && job.state === "open");
  }

  job(id: string): Promise<JobStanding> {
    return this.#ask(pathOf(id), jobStandingSchema);
  }

  /** Closing again changes nothing. */
  closeJob(id: string, state: Exclude<JobState, "open">): Promise<JobRecord> {
    return this.#ask(`${pathOf(id)}/close`, jobRecordSchema, { method: "POST", body: { state } });
  }

  proof(id: string): Promise<Proof> {
    return this.#ask(`${pathOf(id)}/proof`, proofSchema, { unhurried: true });
  }

  failures(id: string): AsyncIterable<Miss> {
    return this.#lines(`${pathOf(id)}/failures`, missSchema);
  }

  vanished(id: string): AsyncIterable<Miss> {
    return this.#lines(`${pathOf(id)}/vanished`, missSchema);
  }

  async recorded(position: Parameters<PageHistory["recorded"]>[0]): Promise<RecordedPage | undefined> {
    const { job, directory, walk, page } = position;
    const body = { job, directory, walk, page };
    return (await this.#ask("history/recorded", recordedSchema, { method: "POST", body })).recorded;
  }

  async unchanged(
    { source, fingerprint }: { source: string; fingerprint: string },
    directory: string,
    files: readonly FileEntry[],
  ): Promise<readonly boolean[]> {
    if (files.length === 0) return [];
    const body = { job: { source, fingerprint }, directory, files };
    const { unchanged } = await this.#ask("history/unchanged", unchangedSchema, { method: "POST", body });
    if (unchanged.length !== files.length) throw this.#away("it answers about other files");
    return unchanged;
  }

  async #ask<S extends z.ZodType>(path: string, schema: S, question: Question = {}): Promise<z.infer<S>> {
    const answer = await this.#fetch(path, question);
    try {
      return schema.parse(await answer.json());
    } catch (error) {
      throw this.#away(error);
    }
  }

  /** One JSON value a line, parsed as they come. */
  async *#lines<S extends z.ZodType>(path: string, schema: S): AsyncIterable<z.infer<S>> {
    const { body } = await this.#fetch(path, { unhurried: true });
    try {
      let rest = "";
      for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield schema.parse(JSON.parse(line));
      }
      if (rest !== "") throw new Error("its answer ends within a line");
    } catch (error) {
      throw this.#away(error);
    }
  }

  async #fetch(path: string, { method = "GET", body, unhurried }: Question): Promise<Response> {
    const { url, token, signal, timeoutMs = 30_000 } = this.#options;
    const ends = [
      ...(signal === undefined ? [] : [signal]),
      ...(unhurried ? [] : [AbortSignal.timeout(timeoutMs)]),
    ];
    let answer: Response;
    try {
      answer = await fetch(`${url.replace(/\/+$/, "")}/${path}`, {
        method,
        redirect: "error",
        signal: AbortSignal.any(ends),
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw this.#away(error);
    }
    if (answer.ok) return answer;
    throw this.#refusal(answer.status, await reasonOf(answer));
  }

  #refusal(status: number, reason: string): Error {
    const { url } = this.#options;
    if (status === 409) return new JobOpenError(reason);
    if (status >= 500) return this.#away(`${status}: ${reason}`);
    if (status === 401) return new FatalError(`the ledger at ${url} refuses LEDGER_TOKEN: ${reason}`);
    return new FatalError(`the ledger at ${url}: ${reason}`);
  }

  /** What came in place of an answer, as an error. */
  #away(error: unknown): Error {
    const { url, signal } = this.#options;
    if (signal?.aborted === true && error instanceof Error) return error;
    return new HostError("io", `the ledger at ${url} does not answer: ${told(error)}`, { cause: error });
  }
}

function pathOf(job: string): string {
  return `jobs/${encodeURIComponent(job)}`;
}

async function reasonOf(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => "");
  try {
    return refusalSchema.parse(JSON.parse(text)).error;
  } catch {
    return `it answers ${answer.status}: is this the ledger?`;
  }
}

/** The reason for people: fetch hides it in `cause`. */
function told(error: unknown): string {
  if (error instanceof z.ZodError) return "this is not how a ledger answers";
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return told(error.cause.errors[0]);
  return error.cause instanceof Error ? told(error.cause) : error.message;
}
