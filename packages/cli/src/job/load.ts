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
  readonly #others: () => readonly LoadedThread[];
  readonly #main: LoadedThread;
  readonly #now: () => number;
  #before: ReadonlyMap<LoadedThread, EventLoopUtilization>;
  #at: number;
  #wasBusy = false;

  /** `others`: returns the threads beside the main thread. `now`: monotonic milliseconds. */
  constructor(
    others: () => readonly LoadedThread[] = () => [],
    now = () => performance.now(),
    main = mainThread,
  ) {
    this.#others = others;
    this.#main = main;
    this.#now = now;
    this.#before = this.#loads();
    this.#at = now();
  }

  /** Since it was judged last. */
  isBusy(): boolean {
    if (this.#now() - this.#at < shortest) return this.#wasBusy;
    const after = this.#loads();
    this.#wasBusy = [...after].some(([thread, one]) => workedShare(one, this.#before.get(thread)) >= busy);
    this.#before = after;
    this.#at = this.#now();
    return this.#wasBusy;
  }

  #loads(): ReadonlyMap<LoadedThread, EventLoopUtilization> {
    return new Map([this.#main, ...this.#others()].map((thread) => [thread, thread.load()]));
  }
}

function workedShare(after: EventLoopUtilization, before: EventLoopUtilization | undefined): number {
  const active = after.active - (before?.active ?? 0);
  const idle = after.idle - (before?.idle ?? 0);
  return active === 0 ? 0 : active / (active + idle);
}
