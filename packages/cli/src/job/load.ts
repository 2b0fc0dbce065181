import { type EventLoopUtilization, performance } from "node:perf_hooks";

/** The part of its time that a thread works, from which on it can hardly do more. */
const busy = 0.95;
/**
 * Milliseconds that are judged at least. Else a second question, right after the first, would find
 * a thread that did nothing but answer.
 */
const shortest = 200;

/** A thread, by how much it works. */
export interface LoadedThread {
  readonly load: () => EventLoopUtilization;
}

const mainThread: LoadedThread = { load: () => performance.eventLoopUtilization() };

/** Whether a thread is busy: one of several. */
export class Load {
  readonly #threads: readonly LoadedThread[];
  readonly #now: () => number;
  #before: readonly EventLoopUtilization[];
  #at: number;
  #wasBusy = false;

  /** `others`: threads beside the main thread. `now`: monotonic milliseconds. */
  constructor(others: readonly LoadedThread[] = [], now = () => performance.now(), main = mainThread) {
    this.#threads = [main, ...others];
    this.#now = now;
    this.#before = this.#threads.map((thread) => thread.load());
    this.#at = now();
  }

  /** Since it was judged last. */
  isBusy(): boolean {
    if (this.#now() - this.#at < shortest) return this.#wasBusy;
    const after = this.#threads.map((thread) => thread.load());
    this.#wasBusy = after.some((one, at) => workedShare(one, this.#before[at]) >= busy);
    this.#before = after;
    this.#at = this.#now();
    return this.#wasBusy;
  }
}

function workedShare(after: EventLoopUtilization, before: EventLoopUtilization | undefined): number {
  const active = after.active - (before?.active ?? 0);
  const idle = after.idle - (before?.idle ?? 0);
  return active === 0 ? 0 : active / (active + idle);
}
