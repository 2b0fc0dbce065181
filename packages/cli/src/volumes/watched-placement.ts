import type { LocalPlacement } from "@brigade/volumes";

/** Milliseconds between two looks. */
const everyMs = 1_000;

/**
 * Looks every second how the disks are, until it is disposed. Keeps no process alive. `onError`: is
 * called with a fault of the program.
 */
export function watchPlacement(placement: LocalPlacement, onError: (error: unknown) => void): Disposable {
  const timer = setInterval(() => void placement.look().catch(onError), everyMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
