import { ConfigError, FatalError, HostError } from "@brigade/core";
import { z } from "zod";
import { JobOpenError } from "../tables/jobs.ts";
import { endOfRows } from "./streams/row-stream.ts";

export interface LedgerClientOptions {
  /** The address of the ledger. */
  readonly url: string;
  readonly token?: string | undefined;
  /** Ends all questions. */
  readonly signal?: AbortSignal;
  /** Milliseconds until a question is given up; default: 30,000. Proofs and lists have no limit. */
  readonly timeoutMs?: number;
  /**
   * Answers requests; default: the server at `url`. `ledgerApp(…).fetch` answers without a socket.
   */
  readonly fetch?: (request: Request) => Response | Promise<Response>;
}

export interface Question {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Asks by POST. */
  readonly body?: unknown;
  /** There is no time limit. */
  readonly unhurried?: true;
}

/** The body of every error. */
const refusalSchema = z.object({ error: z.string() });

/** Asks the ledger and parses what it answers. Errors are those of LedgerClient. */
export class Connection {
  readonly #options: LedgerClientOptions;

  constructor(options: LedgerClientOptions) {
    this.#options = options;
  }

  async ask<S extends z.ZodType>(path: string, schema: S, question: Question = {}): Promise<z.infer<S>> {
    const answer = await this.#fetch(path, question);
    try {
      return schema.parse(await answer.json());
    } catch (error) {
      throw this.away(error);
    }
  }

  /** One JSON value per line, parsed as they come. */
  async *rows<S extends z.ZodType>(
    path: string,
    schema: S,
    query: Question["query"] = {},
  ): AsyncIterable<z.infer<S>> {
    let isWhole = false;
    for await (const line of this.#lines(path, query)) {
      isWhole = line === endOfRows;
      if (!isWhole) yield this.#parsed(line, schema);
    }
    if (!isWhole) throw this.away("its list ends before its end");
  }

  /** The error for something that came in place of an answer. */
  away(error: unknown): Error {
    const { url, signal } = this.#options;
    if (signal?.aborted === true && error instanceof Error) return error;
    const reason = `does not answer: ${wordsOf(error)} (LEDGER_URL says where it is)`;
    return new HostError("io", `the ledger at ${url} ${reason}`, { cause: error });
  }

  #parsed<S extends z.ZodType>(text: string, schema: S): z.infer<S> {
    try {
      return schema.parse(JSON.parse(text));
    } catch (error) {
      throw this.away(error);
    }
  }

  /** Yields each line as soon as its end is there. */
  async *#lines(path: string, query: NonNullable<Question["query"]>): AsyncIterable<string> {
    const { body } = await this.#fetch(path, { query, unhurried: true });
    try {
      let rest = "";
      for await (const text of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          this.#options.signal?.throwIfAborted();
          yield line;
        }
      }
      if (rest !== "") throw new Error("its answer ends within a line");
    } catch (error) {
      throw this.away(error);
    }
  }

  async #fetch(path: string, { query = {}, body, unhurried }: Question): Promise<Response> {
    const { token, signal, timeoutMs = 30_000, fetch: answerer = fetch } = this.#options;
    const ends = [
      ...(signal === undefined ? [] : [signal]),
      ...(unhurried ? [] : [AbortSignal.timeout(timeoutMs)]),
    ];
    let answer: Response;
    try {
      const request = new Request(this.#address(path, query), {
        method: body === undefined ? "GET" : "POST",
        redirect: "error",
        signal: AbortSignal.any(ends),
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      answer = await answerer(request);
    } catch (error) {
      throw this.away(error);
    }
    if (answer.ok) return answer;
    throw this.#refusal(answer.status, await reasonOf(answer));
  }

  #address(path: string, query: NonNullable<Question["query"]>): string {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) asked.set(name, value);
    const tail = asked.size === 0 ? "" : `?${asked}`;
    return `${this.#options.url.replace(/\/+$/, "")}/api/${path}${tail}`;
  }

  #refusal(status: number, reason: string): Error {
    const { url } = this.#options;
    if (status === 409) return new JobOpenError(reason);
    if (status === 422) return new ConfigError(reason.split("\n"));
    if (status === 503) return new HostError("io", `the ledger at ${url} cannot do this now: ${reason}`);
    if (status >= 500 && status !== 501) return this.away(`${status}: ${reason}`);
    if (status === 401) return new FatalError(`the ledger at ${url} refuses LEDGER_TOKEN: ${reason}`);
    return new FatalError(`the ledger at ${url}: ${reason}`);
  }
}

async function reasonOf(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => "");
  try {
    return refusalSchema.parse(JSON.parse(text)).error;
  } catch {
    return `it answers ${answer.status}: is this the ledger?`;
  }
}

/** Returns the reason for people. `fetch` has it in `cause`. */
function wordsOf(error: unknown): string {
  if (error instanceof z.ZodError) return "this is not how a ledger answers";
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return wordsOf(error.cause.errors[0]);
  return error.cause instanceof Error ? wordsOf(error.cause) : error.message;
}
