import { backoff, classify, delay, FatalError, type Log, retriesAfter, SourceError } from "@brigade/core";

/** Milliseconds: a server that wants a longer rest is not waited for. */
const longestRest = 600_000;

/** Runs until it succeeds; what may be over in a while is tried `retries` times more. Throws FatalError after that. */
export async function tryAgain<T>(
  run: () => Promise<T>,
  { retries, log }: { readonly retries: number; readonly log: Log },
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (signal.aborted || !(error instanceof SourceError)) throw error;
      const failure = classify(error);
      const mayPass =
        failure.fault === "object" ? !failure.final : failure.fault === "source" && !failure.stop;
      if (!mayPass) throw error;
      const asked = error.retryAfterMs ?? 0;
      if (attempt >= retriesAfter(error, retries) || asked > longestRest)
        throw new FatalError(`${error.message} (tried ${attempt + 1} times)`, { cause: error });
      log[attempt === 0 ? "warn" : "info"]({ reason: error.message }, "asking again");
      await delay(Math.max(asked, backoff(attempt, { first: 250, most: 30_000 })), signal);
    }
  }
}
