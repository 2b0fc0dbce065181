import type { Worker } from "node:worker_threads";
import { ConfigError, FatalError, HostError } from "@brigade/core";
import { JobOpenError } from "../tables/jobs.ts";
import type { Accounts } from "./accounts.ts";

/** What the thread is started with. */
export interface CatalogueThreadData {
  readonly path: string;
  /** Bytes; `undefined`: as usual. */
  readonly cacheBytes: number | undefined;
}

/** Questions to the thread and its answers. They stay within the process, so they are typed, not parsed. */
export interface Question {
  readonly id: number;
  readonly method: "open" | keyof Accounts;
  readonly args: readonly unknown[];
}
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: Described });

/** An error that survives the way between threads. */
interface Described {
  readonly kind: "config" | "fatal" | "full" | "io" | "job-open" | "other";
  readonly message: string;
  readonly stack: string | undefined;
}

export function describe(error: unknown): Described {
  if (!(error instanceof Error)) return { kind: "other", message: String(error), stack: undefined };
  const { message, stack } = error;
  return { kind: kindOf(error), message, stack };
}

function kindOf(error: Error): Described["kind"] {
  if (error instanceof ConfigError) return "config";
  if (error instanceof FatalError) return "fatal";
  if (error instanceof HostError) return error.kind === "full" ? "full" : "io";
  return error instanceof JobOpenError ? "job-open" : "other";
}

function revive({ kind, message, stack }: Described): Error {
  const cause = { cause: stack };
  switch (kind) {
    case "config":
      return new ConfigError(message.split("\n"), cause);
    case "fatal":
      return new FatalError(message, cause);
    case "full":
    case "io":
      return new HostError(kind, message, cause);
    case "job-open":
      return new JobOpenError(message, cause);
    case "other":
      return new Error(message, cause);
  }
}

type Waiting = PromiseWithResolvers<unknown>;

/** What proves, when it succeeds, that the disk takes writes. */
const writes: ReadonlySet<keyof Accounts> = new Set(["record", "openJob", "closeJob", "noteVolumes"]);

/** Asks the thread; answers come in the order of the questions, but for those that take long by themselves (`backup`). */
export class ThreadCall {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  readonly #onDisk: (trouble: HostError | undefined) => void;
  /** Why there will be no more answers. */
  #ended: Error | undefined;
  #trouble: HostError | undefined;

  /** `onDisk`: told when the disk begins to fail, and when it takes writes again. */
  constructor(worker: Worker, onDisk: (trouble: HostError | undefined) => void) {
    this.#worker = worker;
    this.#onDisk = onDisk;
    worker.on("message", (answer: Answer) => this.#answered(answer));
    worker.on("error", (error) => this.#end(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", () => this.#end(new Error("the catalogue is closed")));
  }

  async open(): Promise<void> {
    await this.#ask("open", []);
  }

  async ask<M extends keyof Accounts>(
    method: M,
    ...args: Parameters<Accounts[M]>
  ): Promise<Awaited<ReturnType<Accounts[M]>>> {
    try {
      const answer = await this.#ask(method, args);
      if (this.#trouble !== undefined && writes.has(method)) this.#watch(undefined);
      return answer as Awaited<ReturnType<Accounts[M]>>;
    } catch (error) {
      // A copy of the catalogue may go to another disk.
      if (error instanceof HostError && method !== "backup") this.#watch(error);
      throw error;
    }
  }

  #watch(trouble: HostError | undefined): void {
    const isNews = (trouble === undefined) !== (this.#trouble === undefined);
    this.#trouble = trouble;
    if (isNews) this.#onDisk(trouble);
  }

  #ask(method: Question["method"], args: readonly unknown[]): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const waiting: Waiting = Promise.withResolvers();
    const id = this.#next++;
    this.#waiting.set(id, waiting);
    const question: Question = { id, method, args };
    this.#worker.postMessage(question);
    return waiting.promise;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(revive(answer.error));
    else waiting?.resolve(answer.value);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
