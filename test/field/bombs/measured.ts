import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { type Finished, startBrigade } from "../../e2e/brigade.ts";

export interface Measured extends Finished {
  /** The most memory that the process had at once, MiB. */
  readonly peakMib: number;
  readonly seconds: number;
  /** Seconds of the processor, when it was last measured. */
  readonly work: number;
}

/** Runs `brigade` and watches its memory, as the system counts it. */
export async function measuredBrigade(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<Measured> {
  const begunAt = performance.now();
  const { child, finished } = startBrigade(args, { MAX_ATTEMPTS: "1", ...environment });
  let peakMib = 0;
  let work = 0;
  const watching = new AbortController();
  const watched = (async () => {
    while (!watching.signal.aborted) {
      peakMib = Math.max(peakMib, peakOf(child.pid ?? 0));
      work = Math.max(work, workOf(child.pid ?? 0));
      await sleep(20);
    }
  })();
  const result = await finished;
  watching.abort();
  await watched;
  return { ...result, peakMib, work, seconds: (performance.now() - begunAt) / 1000 };
}

/** The most memory that a process had at once, MiB. */
export function peakOf(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB/m.exec(processFile(pid, "status"))?.[1] ?? 0) / 1024;
}

/** Linux counts in hundredths of a second. */
function workOf(pid: number): number {
  const [user, system] = processFile(pid, "stat").split(" ").slice(13, 15);
  return (Number(user ?? 0) + Number(system ?? 0)) / 100;
}

/** Empty where the process is gone. */
function processFile(pid: number, name: "status" | "stat"): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}
