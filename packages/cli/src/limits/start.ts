import { memoryPlan } from "./memory-plan.ts";

/** What can be chosen only when a process starts. */
export interface Start {
  /** For Node's command line. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The flags if memory is not short: `bin/brigade.js` gives them at once. */
  readonly usual: readonly string[];
}

/**
 * A flag of V8 for programs that move many files: its second compiler works for functions that are
 * called often enough to give its time back, 100,000 times. In a copy of 60,000 files of 20 kB the
 * second compiler took 4 % of the CPU time.
 */
const forManyFiles = ["--invocation-count-for-turbofan=100000"];

/**
 * `semiSpace`: MiB that a command has if memory is not short; `undefined` for a command that moves
 * one file, for which V8 chooses. If memory is short, V8 collects before the limit is reached, and
 * the C library keeps one pool of freed memory instead of one for each thread, which it gives back
 * early. Without that, one pool saves up to 40 MB in a copy of small files, but a large page then
 * takes 60 MB more.
 */
export function startFor(semiSpace: number | undefined): Start {
  const plan = memoryPlan();
  const own = semiSpace === undefined ? [] : forManyFiles;
  const usual = semiSpace === undefined ? [] : [`--max-semi-space-size=${semiSpace}`, ...own];
  if (plan.limit === undefined) return { flags: usual, environment: {}, usual };
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
