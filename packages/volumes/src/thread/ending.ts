import { setTimeout as sleep } from "node:timers/promises";
import type { Worker } from "node:worker_threads";

/** A thread that has not ended after so many milliseconds hangs in a call of its disk, which nothing can interrupt. */
const endingMs = 1_000;

let hanging = 0;

/** Ends a thread, or leaves it behind when it hangs. */
export async function endThread(worker: Worker): Promise<void> {
  const ended = worker.terminate().then(() => true);
  if (await Promise.race([ended, sleep(endingMs, false, { ref: false })])) return;
  hanging += 1;
  worker.unref();
  void ended.then(() => {
    hanging -= 1;
  });
}

/** Whether threads were left behind that hang. Then `process.exit`, which waits for all threads, would hang, too. */
export function threadsHang(): boolean {
  return hanging > 0;
}

/** Ends the process now, without waiting for any thread. */
export async function endProcess(code: number): Promise<never> {
  try {
    const { default: koffi } = await import("koffi");
    koffi.load(null).func("void _exit(int)")(code);
  } catch {
    // Built for no such machine: then as well as Node can.
  }
  return process.exit(code);
}
