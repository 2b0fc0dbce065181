import { type MemoryPlan, memoryPlan } from "./memory-plan.ts";
import { openFilesLimit } from "./open-files-limit.ts";

/** What this process may have. */
export interface Limits {
  readonly memory: MemoryPlan;
  readonly openFiles: number | undefined;
}

export function limitsOfThisProcess(): Limits {
  return { memory: memoryPlan(), openFiles: openFilesLimit() };
}

/** What is limited, for people. */
export function reasons({ memory, openFiles }: Limits): string[] {
  return [
    ...(memory.limit === undefined ? [] : [`memory is limited to ${mibOf(memory.limit)}`]),
    ...(openFiles === undefined ? [] : [`open files are limited to ${openFiles} (ulimit -n)`]),
  ];
}

export function mibOf(bytes: number): string {
  return `${Math.floor(bytes / 2 ** 20)} MiB`;
}
