import { Worker } from "node:worker_threads";
import type { ExpectedFile } from "./check-file.ts";
import type { CheckAnswer, CheckThreadData } from "./check-thread.ts";

interface Waiting {
  resolve(answer: CheckAnswer): void;
  reject(error: unknown): void;
}

/** Threads that re-read files of one volume. */
export class Checkers implements AsyncDisposable {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #threads: readonly CheckThread[];

  constructor(root: string, threads: number) {
    const workerData: CheckThreadData = { root, stop: this.#stop };
    this.#threads = Array.from({ length: threads }, () => new CheckThread(workerData));
  }

  /** What is wrong with each, in order; of fewer files once it was stopped. By one thread, the least busy. */
  check(files: readonly ExpectedFile[]): Promise<CheckAnswer> {
    const [first, ...others] = this.#threads;
    if (first === undefined) throw new Error("no threads");
    const idlest = others.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best), first);
    return idlest.check(files);
  }

  /** All that is being checked ends soon, with what is known by then. For good. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

class CheckThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #gone: unknown;

  constructor(workerData: CheckThreadData) {
    this.#worker = new Worker(new URL("./check-thread.ts", import.meta.url), { workerData });
    this.#worker.on("message", (answer: CheckAnswer) => this.#waiting.shift()?.resolve(answer));
    this.#worker.on("error", (error) => this.#lose(error));
    this.#worker.on("exit", () => this.#lose(new Error("a thread that re-reads files has ended")));
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  check(files: readonly ExpectedFile[]): Promise<CheckAnswer> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    const expected = files.map(({ source, path, size, md5 }) => ({ source, path, size, md5 }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.postMessage(expected);
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #lose(error: unknown): void {
    this.#gone ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#gone);
  }
}
