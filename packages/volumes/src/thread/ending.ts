import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

/**
 * A thread that has not ended after this time hangs in a call of its disk, which cannot be
 * interrupted. Milliseconds.
 */
const endingMs = 1_000;

let hanging = 0;

/** Ends a thread, or leaves it behind if it hangs. */
export async function endThread(worker: Worker): Promise<void> {
  const ended = worker.terminate().then(() => true);
  if (await Promise.race([ended, sleep(endingMs, false, { ref: false })])) return;
  hanging += 1;
  worker.unref();
  void ended.then(() => {
    hanging -= 1;
  });
}

/**
 * Whether hanging threads were left behind. If so, `process.exit` would hang too, because it waits
 * for all threads.
 */
export function threadsHang(): boolean {
  return hanging > 0;
}

/** Ends the process now, without waiting for any thread. */
export async function endProcess(code: number): Promise<never> {
  try {
    const { default: koffi } = await import("koffi");
    koffi.load(null).func("void _exit(int)")(code);
  } catch {
    // koffi is not built for this machine.
  }
  return process.exit(code);
}
