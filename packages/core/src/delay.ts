import { setTimeout as sleep } from "node:timers/promises";

/** Waits; rejects with an AbortError when the signal does. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** Waiting as an argument, so that tests need none. */
export type Delayer = typeof delay;
