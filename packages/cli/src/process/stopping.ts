import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Aborted by the second signal to stop: services give back at once what they have in hand, so that
 * it does not count as a death.
 */
export const hurry = new AbortController();

/** Milliseconds over the grace that giving back, and leaving the disks, may take. */
const marginMs = 6_000;

/**
 * Waits for the work, and from the signal on for no longer than the grace: a disk that hangs does
 * not keep the process from leaving. Throws an AbortError if the work was not finished in time.
 */
export async function inTime<T>(work: Promise<T>, signal: AbortSignal, graceMs: number): Promise<T> {
  const done = new AbortController();
  const late = async (): Promise<never> => {
    if (!signal.aborted) await once(signal, "abort", { signal: done.signal });
    await sleep(graceMs + marginMs, undefined, { signal: done.signal });
    throw new DOMException("what is in hand could not be finished in time", "AbortError");
  };
  try {
    return await Promise.race([work, late()]);
  } finally {
    done.abort();
  }
}
