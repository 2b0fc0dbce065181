import { memoryPlan } from "./memory-plan.ts";

/** What can be chosen only when a process starts. */
export interface Start {
  /** For Node's command line. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * `semiSpace`: MiB that a command has if memory is not short; `undefined` if V8 chooses. If memory
 * is short, V8 collects before the limit is reached, and the C library keeps one pool of freed
 * memory instead of one for each thread.
 */
export function startFor(semiSpace: number | undefined): Start {
  const plan = memoryPlan();
  if (plan.limit === undefined)
    return { flags: semiSpace === undefined ? [] : [`--max-semi-space-size=${semiSpace}`], environment: {} };
  return {
    flags: [
      `--max-semi-space-size=${Math.min(semiSpace ?? plan.semiSpace, plan.semiSpace)}`,
      `--max-old-space-size=${plan.oldSpace}`,
    ],
    environment: { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" },
  };
}
