import { memoryPlan } from "./memory-plan.ts";

/** What can be chosen only when a process starts. */
export interface Start {
  /** For Node's command line. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The flags if memory is not short: `bin/brigade.js` gives them at once. */
  readonly usual: readonly string[];
}

/** Settings of V8 and of the C library for programs that move many files. */
const forManyFiles = {
  // The second compiler works for functions that are called often enough to give its time back. In a
  // copy of 60,000 files of 20 kB it took 4 % of the CPU time.
  flags: ["--invocation-count-for-turbofan=100000"],
  // One pool of freed memory for all threads, instead of one for each: 20 to 40 MB less.
  environment: { MALLOC_ARENA_MAX: "1" },
};

/**
 * `semiSpace`: MiB that a command has if memory is not short; `undefined` for a command that moves
 * one file, for which V8 chooses. If memory is short, V8 collects before the limit is reached, and
 * freed memory is given back to the system early.
 */
export function startFor(semiSpace: number | undefined): Start {
  const plan = memoryPlan();
  const { flags: own, environment } = semiSpace === undefined ? { flags: [], environment: {} } : forManyFiles;
  const usual = semiSpace === undefined ? [] : [`--max-semi-space-size=${semiSpace}`, ...own];
  if (plan.limit === undefined) return { flags: usual, environment, usual };
  return {
    flags: [
      `--max-semi-space-size=${Math.min(semiSpace ?? plan.semiSpace, plan.semiSpace)}`,
      `--max-old-space-size=${plan.oldSpace}`,
      ...own,
    ],
    environment: { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" },
    usual,
  };
}
