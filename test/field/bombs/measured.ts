import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finished, startBrigade } from "../../e2e/brigade.ts";

export interface Measured extends Finished {
  /** The most memory that the process had at once, MiB. */
  readonly peakMib: number;
  readonly seconds: number;
}

/** Runs `brigade` and watches its memory, as the system counts it. */
export async function measuredBrigade(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Measured> {
  const begunAt = performance.now();
  const { child, finished } = startBrigade(args, { MAX_ATTEMPTS: "1", ...environment });
  let peakMib = 0;
  const watching = new AbortController();
  const watched = (async () => {
    while (!watching.signal.aborted) {
      peakMib = Math.max(peakMib, peakOf(child.pid ?? 0));
      await sleep(20);
    }
  })();
  const result = await finished;
  watching.abort();
  await watched;
  return { ...result, peakMib, seconds: (performance.now() - begunAt) / 1000 };
}

/** 0 where the process is gone. */
function peakOf(pid: number): number {
  try {
    return Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
  } catch (error) {
    if (error instanceof Error && "code" in error) return 0;
    throw error;
  }
}
