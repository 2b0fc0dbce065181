import { backoff, type Delayer, delay, type Source, SourceError, type SourceErrorKind } from "@brigade/core";

export interface RetryOptions {
  /** Times that something is tried in all. Default 3. */
  readonly tries?: number;
  /** The first pause, milliseconds; each next is twice as long, half of it by chance. Default 200. */
  readonly firstMs?: number;
  /** The longest pause, milliseconds. A source that asks for a longer one is obeyed elsewhere. Default 5000. */
  readonly mostMs?: number;
  readonly delay?: Delayer;
  readonly random?: () => number;
}

const hiccups = new Set<SourceErrorKind>(["transport", "unavailable", "throttled", "damaged", "bad-listing"]);

/**
 * A source that tries again a little when something goes wrong that may be over in a moment. A body that breaks after
 * `open` gave it is not its business: open again.
 */
export function withRetry(source: Source, options: RetryOptions = {}): Source {
  const { tries = 3, firstMs = 200, mostMs = 5000, random = Math.random } = options;
  const wait = options.delay ?? delay;

  async function again<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await run();
      } catch (error) {
        if (attempt + 1 >= tries || !(error instanceof SourceError) || !hiccups.has(error.kind)) throw error;
        const asked = error.retryAfterMs ?? 0;
        if (asked > mostMs) throw error;
        await wait(Math.max(asked, backoff(attempt, { first: firstMs, most: mostMs, random })), signal);
      }
    }
  }

  return {
    fingerprint: source.fingerprint,
    ...(source.variant === undefined ? {} : { variant: source.variant }),
    capabilities: source.capabilities,
    listPage: (directory, cursor, signal) => again(() => source.listPage(directory, cursor, signal), signal),
    open: (object, range, signal) => again(() => source.open(object, range, signal), signal),
    stat: (key, signal) => again(() => source.stat(key, signal), signal),
  };
}
