import { availableParallelism } from "node:os";
import { fetchWriteEntry } from "@brigade/fetch-write";
import type { FetchThreads } from "@brigade/volumes";
import { type Limits, limitsOfThisProcess } from "./limits.ts";

/** Threads at most, unless more are asked for. */
const most = 8;
/** With fewer open files, the connections of threads besides those of the main thread are too many. */
const enoughFiles = 4_096;

/**
 * Returns the threads of each volume that fetch; `undefined` if the main thread fetches. `wanted`:
 * FETCH_THREADS, over all volumes. By default, one core is left to the main thread. If memory or
 * open files are limited, the main thread fetches.
 */
export function fetchThreads(
  wanted: number | undefined,
  volumes: number,
  {
    limits = limitsOfThisProcess(),
    cores = availableParallelism(),
  }: { limits?: Limits; cores?: number } = {},
): FetchThreads | undefined {
  const all = wanted ?? usual(volumes, limits, cores);
  if (all === 0) return undefined;
  return { entry: fetchWriteEntry, number: Math.max(1, Math.floor(all / Math.max(1, volumes))) };
}

function usual(volumes: number, { memory, openFiles }: Limits, cores: number): number {
  const isLimited = memory.limit !== undefined || (openFiles ?? enoughFiles) < enoughFiles;
  return isLimited ? 0 : Math.max(volumes, Math.min(most, cores - 1));
}
