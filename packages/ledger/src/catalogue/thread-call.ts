import type { Worker } from "node:worker_threads";
import { decodeError, HostError } from "@brigade/core";
import { JobOpenError } from "../tables/jobs.ts";
import type { Answer, Question } from "../thread/protocol.ts";
import type { Rooms } from "../thread/rooms.ts";

type MethodsOf<R extends keyof Rooms> = keyof Rooms[R] & string;
type Asked<R extends keyof Rooms, M extends MethodsOf<R>> = Rooms[R][M] extends (
  ...args: infer Args extends unknown[]
) => infer Value
  ? { args: Args; value: Awaited<Value> }
  : never;

type Waiting = PromiseWithResolvers<unknown>;

/** What proves, when it succeeds, that the disk accepts writes. */
const writes: ReadonlySet<string> = new Set([
  "records.record",
  "jobs.open",
  "jobs.close",
  "inventory.noteVolumes",
]);

/**
 * Asks the rooms of the thread. Answers come in the order of the questions, but for those that take
 * long by themselves (`backups`).
 */
export class ThreadCall {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  readonly #onDisk: (trouble: HostError | undefined) => void;
  /** Why there will be no more answers. */
  #ended: Error | undefined;
  #trouble: HostError | undefined;

  /** `onDisk`: called when the disk begins to fail, and when it accepts writes again. */
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

  async ask<R extends keyof Rooms, M extends MethodsOf<R>>(
    room: R,
    method: M,
    ...args: Asked<R, M>["args"]
  ): Promise<Asked<R, M>["value"]> {
    try {
      const value = await this.#ask([room, method], args);
      if (this.#trouble !== undefined && writes.has(`${room}.${method}`)) this.#watch(undefined);
      return value as Asked<R, M>["value"];
    } catch (error) {
      // A copy of the catalogue may go to another disk.
      if (error instanceof HostError && room !== "backups") this.#watch(error);
      throw error;
    }
  }

  #watch(trouble: HostError | undefined): void {
    const isNews = (trouble === undefined) !== (this.#trouble === undefined);
    this.#trouble = trouble;
    if (isNews) this.#onDisk(trouble);
  }

  #ask(to: Question["to"], args: readonly unknown[]): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const waiting: Waiting = Promise.withResolvers();
    const id = this.#next++;
    this.#waiting.set(id, waiting);
    const question: Question = { id, to, args };
    this.#worker.postMessage(question);
    return waiting.promise;
  }

  #answered(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(decodeError(answer.error, { JobOpenError }));
    else waiting?.resolve(answer.value);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}
