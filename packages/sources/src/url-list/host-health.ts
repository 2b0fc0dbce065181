import { SourceError, type SourceErrorKind } from "@brigade/core";

/** Milliseconds for which another host's answer counts. */
const recently = 60_000;
const unwell = new Set<SourceErrorKind>(["transport", "unavailable", "throttled"]);

/**
 * Whose fault it is when a host of many fails. While others answer it is that host's own: its objects are tried again later, a
 * counted number of times, and nobody waits for them. While nobody answers it is the line, or a list of one host: as everywhere.
 */
export class HostHealth {
  readonly #now: () => number;
  /** By origin, the latest last; milliseconds. */
  readonly #answered = new Map<string, number>();

  /** `now`: milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  answered(origin: string): void {
    this.#answered.delete(origin);
    this.#answered.set(origin, this.#now());
    const [[oldest, at] = ["", 0]] = this.#answered;
    if (this.#now() - at > recently) this.#answered.delete(oldest);
  }

  /** The error as the rest of the program should take it. */
  judge(origin: string, error: SourceError): SourceError {
    if (!unwell.has(error.kind) || !this.#othersAnswer(origin)) return error;
    return new SourceError("damaged", error.message, { cause: error });
  }

  #othersAnswer(origin: string): boolean {
    const since = this.#now() - recently;
    for (const [other, at] of this.#answered) if (other !== origin && at >= since) return true;
    return false;
  }
}
