import { classify, FatalError, retriesAfter, SourceError } from "../failures.ts";
import { type Delayer, delay as realDelay } from "../time/delay.ts";
import { backoff, type Pauses } from "./backoff.ts";

export interface RetryPolicy {
  /** Times that something is tried after it has failed. `Infinity`: until the signal. */
  readonly retries: number;
  readonly pauses: Pauses;
  /**
   * Milliseconds: where a source asks for a longer rest, the error is thrown. By default any rest
   * is taken.
   */
  readonly longestRest?: number;
  /** Whether another try may help. By default `isTransient`. */
  readonly mayPass?: (error: Error) => boolean;
  /** Called before each pause; `attempt` counts from 0. */
  readonly onRetry?: (error: Error, attempt: number) => void;
  /**
   * Returns what is thrown in place of the last error, when all tries are used up. By default that
   * error itself.
   */
  readonly usedUp?: (error: Error, tries: number) => Error;
  readonly delay?: Delayer | undefined;
  readonly random?: (() => number) | undefined;
}

/** Whether the same request may succeed in a while. */
export function isTransient(error: unknown): error is SourceError {
  if (!(error instanceof SourceError) || error.kind === "bad-cursor") return false;
  const failure = classify(error);
  return failure.fault === "object" ? !failure.final : failure.fault === "source" && !failure.stop;
}

/**
 * Runs until it succeeds. Throws what no other try can mend, what is left when the tries are used
 * up, and an AbortError when the signal comes first.
 */
export async function tryAgain<T>(
  run: () => Promise<T>,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  const { mayPass = isTransient, usedUp = (error: Error) => error, delay = realDelay } = policy;
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof Error) || !mayPass(error)) throw error;
      const asked = (error instanceof SourceError ? error.retryAfterMs : undefined) ?? 0;
      if (attempt >= retriesOf(error, policy.retries) || asked > (policy.longestRest ?? asked))
        throw usedUp(error, attempt + 1);
      if (!signal.aborted) policy.onRetry?.(error, attempt);
      await delay(Math.max(asked, backoff(attempt, policy.pauses, policy.random)), signal);
    }
  }
}

/** For `usedUp`: an error that ends the program, with how often it was tried. */
export function triedInVain(error: Error, tries: number): FatalError {
  return new FatalError(`${error.message} (tried ${tries} times)`, { cause: error });
}

function retriesOf(error: Error, retries: number): number {
  return error instanceof SourceError ? retriesAfter(error, retries) : retries;
}
