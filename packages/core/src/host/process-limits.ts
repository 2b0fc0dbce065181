import type { HostError } from "../failures.ts";
import type { Log } from "../log.ts";

/**
 * Errors of the system that say: this process, or the machine, has no more files or memory. What
 * people can do, by error.
 */
export const processLimits: Readonly<Record<string, string>> = {
  EMFILE: "raise the number of open files that a process may have (ulimit -n)",
  ENFILE: "this machine has no more file descriptors (sysctl fs.file-max)",
  ENOBUFS: "this machine has no more memory for connections",
  ENOMEM: "this machine or its limit has no more memory",
};

/** Milliseconds after which twice as much is tried again. */
const patience = 600_000;
/**
 * One step for all that fails at the same time; longer than a connection without work stays open.
 * Milliseconds.
 */
const stepMs = 6_000;
const least = 1 / 1024;

/**
 * How much of the usual is done at once by a process that has reached a limit: half as much after
 * each time. It grows again, since what took the files or the memory may have been another process;
 * slowly, since each try that fails costs time.
 */
export class Restraint {
  readonly #log: Log;
  readonly #now: () => number;
  #part = 1;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** `now`: milliseconds of a clock that nobody sets. */
  constructor(log: Log, now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  /** 1: as much as usual. */
  get part(): number {
    if (this.#part < 1 && this.#now() - this.#changedAt >= patience) this.#change(this.#part * 2);
    return this.#part;
  }

  /** Returns how many of this number at once are allowed now: at least one. */
  of(usual: number): number {
    return Math.max(1, Math.floor(usual * this.part));
  }

  /** Told once until everything is as usual again. */
  reached({ message: reason }: HostError): void {
    const { part } = this;
    if (this.#now() - this.#changedAt < stepMs) return;
    if (part === 1)
      this.#log.warn({ reason }, "this process has reached a limit: less is done at once from now on");
    this.#change(Math.max(least, part / 2));
    this.#log.debug({ reason, part: this.#part }, "less is done at once");
  }

  #change(part: number): void {
    this.#part = part;
    this.#changedAt = this.#now();
  }
}
