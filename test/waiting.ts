import { setTimeout as sleep } from "node:timers/promises";

/**
 * Waits until a count that only grows has reached `goal`; throws when it stands still for
 * `stillMs`. Its speed depends on the machine.
 */
export async function reaches(
  what: string,
  count: () => number,
  goal: number,
  stillMs = 60_000,
): Promise<void> {
  let [last, since] = [count(), performance.now()];
  while (last < goal) {
    await sleep(20);
    const now = count();
    if (now > last) [last, since] = [now, performance.now()];
    else if (performance.now() - since > stillMs)
      throw new Error(`it never came to this: ${what}; it stands still at ${last} of ${goal}`);
  }
}

/** Repeats the check until it is true; throws after `withinMs`. */
export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await sleep(20);
  }
}
