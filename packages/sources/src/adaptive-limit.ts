import { type Delayer, delay } from "@brigade/core";
import { abortError, watch } from "./http/cancelled.ts";

/** A limit that has changed, for a log line. */
export interface LimitChange {
  readonly limit: number;
  readonly reason: "slower" | "faster";
}

export interface LimitOptions {
  /** The most at once; half of it at first. */
  readonly most: number;
  readonly onChange?: (change: LimitChange) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/** Halved at most once in this many milliseconds: many requests meet the same bad moment. */
const halvingMs = 1000;

/** Milliseconds: a longer wait is asked for in error, or the source is to be paused, not waited for. */
const longestWait = 600_000;

interface Waiter {
  readonly start: () => void;
}

/**
 * How many may run at once: one more after as many successes as there are places, half as many when the other side
 * asks to slow down, never less than one.
 */
export class AdaptiveLimit {
  readonly #most: number;
  readonly #onChange: (change: LimitChange) => void;
  readonly #now: () => number;
  readonly #delay: Delayer;
  readonly #waiting = new Set<Waiter>();
  #limit: number;
  #running = 0;
  #successes = 0;
  #halvedAt = Number.NEGATIVE_INFINITY;
  /** Nothing starts before, Unix milliseconds. */
  #notBefore = 0;
  /** What `#notBefore` was when the alarm for it was set. */
  #alarm = 0;

  constructor(options: LimitOptions) {
    this.#most = options.most;
    this.#limit = Math.max(1, Math.ceil(options.most / 2));
    this.#onChange = options.onChange ?? (() => {});
    this.#now = options.now ?? (() => performance.now());
    this.#delay = options.delay ?? delay;
  }

  get limit(): number {
    return this.#limit;
  }

  get running(): number {
    return this.#running;
  }

  /** Nothing when a place was free (the common case costs no promise); otherwise resolves with the place taken. */
  enter(signal: AbortSignal): Promise<void> | undefined {
    if (signal.aborted) throw abortError(signal.reason);
    if (this.#waiting.size === 0 && this.#isOpen()) {
      this.#running++;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter & { abort(error: Error): void } = {
        start: () => {
          watched.delete(waiter);
          resolve();
        },
        abort: (error) => {
          watched.delete(waiter);
          this.#waiting.delete(waiter);
          reject(error);
        },
      };
      const watched = watch(signal, waiter);
      this.#waiting.add(waiter);
      this.#startWaiting();
    });
  }

  /** Gives a place back. */
  leave(): void {
    this.#running--;
    this.#startWaiting();
  }

  succeeded(): void {
    this.#successes++;
    if (this.#successes < this.#limit || this.#limit >= this.#most) return;
    this.#change(this.#limit + 1, "faster");
    this.#startWaiting();
  }

  /** The other side asks to slow down; `retryAfterMs`: and to begin nothing for so long (10 minutes at most). */
  slowDown(retryAfterMs = 0): void {
    const now = this.#now();
    this.#notBefore = Math.max(this.#notBefore, now + Math.min(retryAfterMs, longestWait));
    this.#successes = 0;
    if (now - this.#halvedAt < halvingMs) return;
    this.#halvedAt = now;
    if (this.#limit > 1) this.#change(Math.max(1, Math.floor(this.#limit / 2)), "slower");
  }

  #change(limit: number, reason: LimitChange["reason"]): void {
    this.#limit = limit;
    this.#successes = 0;
    this.#onChange({ limit, reason });
  }

  #isOpen(): boolean {
    return this.#running < this.#limit && (this.#notBefore === 0 || this.#now() >= this.#notBefore);
  }

  #startWaiting(): void {
    if (this.#waiting.size === 0) return;
    for (const waiter of this.#waiting) {
      if (!this.#isOpen()) break;
      this.#waiting.delete(waiter);
      this.#running++;
      waiter.start();
    }
    if (this.#waiting.size > 0 && this.#now() < this.#notBefore) this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#alarm === this.#notBefore) return;
    this.#alarm = this.#notBefore;
    const never = new AbortController().signal;
    // In short steps, so that a forgotten alarm does not keep the process alive.
    const rest = Math.min(this.#notBefore - this.#now(), 1000);
    this.#delay(rest, never).then(
      () => {
        this.#alarm = 0;
        this.#startWaiting();
      },
      (error: unknown) => queueMicrotask(() => Promise.reject(error)),
    );
  }
}
