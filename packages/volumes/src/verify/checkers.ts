import { Worker } from "node:worker_threads";
import { ThreadLink } from "../thread/thread-link.ts";
import type { ExpectedFile } from "./check-file.ts";
import type { CheckAnswer, CheckThreadData } from "./check-thread.ts";

/** Threads that re-read files of one volume. */
export class Checkers implements AsyncDisposable {
  readonly #stop = new Int32Array(new SharedArrayBuffer(4));
  readonly #threads: readonly CheckThread[];

  constructor(root: string, threads: number) {
    const workerData: CheckThreadData = { root, stop: this.#stop };
    this.#threads = Array.from({ length: threads }, () => startThread(workerData));
  }

  /**
   * Resolves with what is wrong with each, in order; of fewer files once it was stopped. The least
   * busy thread does it.
   */
  check(files: readonly ExpectedFile[]): Promise<CheckAnswer> {
    const [first, ...others] = this.#threads;
    if (first === undefined) throw new Error("no threads");
    const idlest = others.reduce((best, thread) => (thread.waiting < best.waiting ? thread : best), first);
    return idlest.ask(files.map(({ source, path, size, md5 }) => ({ source, path, size, md5 })));
  }

  /** Ends all checks soon, with what is known by then. Cannot be undone. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.end()));
  }
}

type CheckThread = ThreadLink<readonly ExpectedFile[], CheckAnswer, CheckAnswer>;

function startThread(workerData: CheckThreadData): CheckThread {
  const worker = new Worker(new URL("./check-thread.ts", import.meta.url), { name: "re-read", workerData });
  return new ThreadLink(worker, {
    read: (answer) => answer,
    whenEnded: () => new Error("a thread that re-reads files has ended"),
  });
}
