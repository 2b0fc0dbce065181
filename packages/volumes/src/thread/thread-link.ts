import type { Worker } from "node:worker_threads";

interface Waiting<A> {
  resolve(answer: A): void;
  reject(error: unknown): void;
}

export interface ThreadLinkOptions<M, A> {
  /** Returns what a message from the thread answers, or throws the failure that it has. */
  readonly read: (message: M) => A;
  /** Returns the error of what is not answered when the thread has ended without one. */
  readonly whenEnded: () => Error;
}

/**
 * The main thread's end of a thread that answers every question once, in the order of the
 * questions. When the thread is lost, all that waits is rejected, and so is what is asked later.
 */
export class ThreadLink<Q, M, A> {
  readonly #worker: Worker;
  readonly #waiting: Waiting<A>[] = [];
  #lost: unknown;

  constructor(worker: Worker, { read, whenEnded }: ThreadLinkOptions<M, A>) {
    this.#worker = worker;
    worker.on("message", (message: M) => this.#answered(() => read(message)));
    worker.on("error", (error) => this.#lose(error));
    worker.on("exit", () => this.#lose(whenEnded()));
  }

  /** Questions that are not answered yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  ask(question: Q): Promise<A> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    const { promise, ...waiting } = Promise.withResolvers<A>();
    this.#waiting.push(waiting);
    this.#worker.postMessage(question);
    return promise;
  }

  /** Ends the thread, whatever it is doing. */
  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answered(read: () => A): void {
    const waiting = this.#waiting.shift();
    try {
      waiting?.resolve(read());
    } catch (failure) {
      waiting?.reject(failure);
    }
  }

  #lose(error: unknown): void {
    this.#lost ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#lost);
  }
}
