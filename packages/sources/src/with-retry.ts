import { type Delayer, pausesOfHiccups, type Source, triesOfHiccups, tryAgain } from "@brigade/core";

export interface RetryOptions {
  readonly delay?: Delayer;
  readonly random?: () => number;
}

/**
 * Returns a source that tries again after a fault that may be over in a moment. A wait that is
 * longer than the longest pause is not made here. A body that breaks after `open` returned it is
 * not tried again either.
 */
export function withRetry(source: Source, options: RetryOptions = {}): Source {
  const policy = {
    ...options,
    retries: triesOfHiccups - 1,
    pauses: pausesOfHiccups,
    longestRest: pausesOfHiccups.most,
  };
  const again = <T>(run: () => Promise<T>, signal: AbortSignal) => tryAgain(run, policy, signal);

  return {
    fingerprint: source.fingerprint,
    variant: source.variant,
    manyOrigins: source.manyOrigins,
    listPage: (directory, cursor, signal) => again(() => source.listPage(directory, cursor, signal), signal),
    open: (object, range, signal) => again(() => source.open(object, range, signal), signal),
    stat: (key, signal) => again(() => source.stat(key, signal), signal),
  };
}
