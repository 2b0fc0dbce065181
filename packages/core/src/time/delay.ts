import { setTimeout as sleep } from "node:timers/promises";

/** Waits; rejects with an AbortError when the signal does. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal });
}

/** Waiting as an argument, so that tests need none. */
export type Delayer = typeof delay;

/** Calls `ring` once after this number of milliseconds, unless it is disposed of before. */
export function alarm(ms: number, ring: () => void): Disposable {
  const timer = setTimeout(ring, ms);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Alarms as an argument, so that tests need no time. */
export type Alarm = typeof alarm;
