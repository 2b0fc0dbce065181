import { SourceError } from "../failures.ts";
import type { Delayer } from "../time/delay.ts";
import type { Subject } from "./witnesses.ts";

export interface CredentialsParts<S extends Subject> {
  /** Lists something that was listed before. Throws SourceError. */
  readonly list: (subject: S, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly delay: Delayer;
}

/** Milliseconds between two looks. */
const patience = 1_000;

/**
 * Whether our credentials are good for listing; asked once for all that need it at the same time.
 */
export class Credentials<S extends Subject> {
  readonly #parts: CredentialsParts<S>;
  #latest: { readonly began: number; readonly refusal: Promise<unknown> } | undefined;

  constructor(parts: CredentialsParts<S>) {
    this.#parts = parts;
  }

  /**
   * Resolves with why nothing is listed for us; `undefined` if something is, by a request that was
   * begun at `since` or later.
   */
  async refusal(subject: S, since: number): Promise<unknown> {
    if (this.#latest === undefined || this.#latest.began < since)
      this.#latest = { began: this.#parts.now(), refusal: this.#ask(subject) };
    return await this.#latest.refusal;
  }

  /** A refusal counts when it comes twice. */
  async #ask(subject: S): Promise<unknown> {
    const { list, signal, delay } = this.#parts;
    for (let time = 1; ; time++) {
      try {
        await list(subject, signal);
        return undefined;
      } catch (error) {
        if (time === 2 || signal.aborted || !isUnauthorized(error)) return error;
        await delay(patience, signal).catch(() => {});
      }
    }
  }
}

export function isUnauthorized(error: unknown): error is SourceError {
  return error instanceof SourceError && error.kind === "unauthorized";
}
