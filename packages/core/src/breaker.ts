import { backoff } from "./backoff.ts";
import { type Delayer, delay } from "./delay.ts";
import { FatalError } from "./failures.ts";

export interface BreakerOptions {
  /** Give up when the source has been unwell for this long. */
  readonly limitMs: number;
  /** Throws while the source is still unwell. Called with growing pauses while the breaker is open. */
  readonly probe: (signal: AbortSignal) => Promise<void>;
  readonly onOpen: (reason: string) => void;
  readonly onClose: (pausedMs: number) => void;
  readonly onGiveUp: (error: FatalError) => void;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/** Outcomes looked back on, and how many of them must be failures for the source to count as unwell. */
const windowSize = 40;
const tripAt = 32;

/**
 * Tells one object's misfortune from the source's (I8). Closed: work flows. It opens when most recent requests
 * failed, or at once when the source refuses *us*; then nothing is asked but a probe now and then, until one succeeds
 * (closed again) or the limit is reached (given up).
 */
export class Breaker {
  readonly #options: Required<BreakerOptions>;
  /** The last outcomes, true = failed; a ring. */
  readonly #recent: boolean[] = new Array<boolean>(windowSize).fill(false);
  #next = 0;
  #failures = 0;
  #lastSuccess = Number.NEGATIVE_INFINITY;
  #open = false;
  #asking: Promise<boolean> | undefined;

  constructor(options: BreakerOptions) {
    this.#options = { now: Date.now, delay, ...options };
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /**
   * Whether a failure that began at `since` (milliseconds of the injected clock) was not everybody's: something else
   * succeeded meanwhile, or a probe does now.
   */
  async isWell(since: number): Promise<boolean> {
    if (this.#open) return false;
    if (this.#lastSuccess >= since) return true;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return await this.#asking;
  }

  async #ask(): Promise<boolean> {
    try {
      await this.#options.probe(this.#options.signal);
      this.succeeded();
      return true;
    } catch {
      return false; // the failure that led here is the one that is told
    }
  }

  succeeded(): void {
    this.#lastSuccess = this.#options.now();
    this.#record(false);
  }

  /** `everything`: the failure is about us or the whole source, no need to see more of them. */
  failed(reason: string, { everything = false } = {}): void {
    this.#record(true);
    if (!this.#open && (everything || this.#failures >= tripAt)) void this.#pause(reason);
  }

  #record(failed: boolean): void {
    this.#failures += Number(failed) - Number(this.#recent[this.#next]);
    this.#recent[this.#next] = failed;
    this.#next = (this.#next + 1) % windowSize;
  }

  /** Never rejects: every way out is one of the callbacks, or the signal. */
  async #pause(reason: string): Promise<void> {
    const { limitMs, probe, onOpen, onClose, onGiveUp, signal, now, delay } = this.#options;
    this.#open = true;
    const since = now();
    onOpen(reason);
    let latest = reason;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const left = since + limitMs - now();
      if (left <= 0) {
        onGiveUp(
          new FatalError(`the source has not recovered for ${Math.round(limitMs / 1000)} s: ${latest}`),
        );
        return;
      }
      try {
        await delay(Math.min(left, backoff(attempt, { first: 1_000, most: 60_000 })), signal);
        await probe(signal);
        this.#open = false;
        this.#recent.fill(false);
        this.#failures = 0;
        this.#lastSuccess = now();
        onClose(now() - since);
        return;
      } catch (error) {
        latest = error instanceof Error ? error.message : String(error);
      }
    }
  }
}
