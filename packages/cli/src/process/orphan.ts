import type { Environment } from "@brigade/core";

/** Milliseconds between looks at the parent. */
const lookEvery = 500;

/**
 * Calls back when npx, which started this process, is gone: npx ends at a signal and passes it to a shell only, so that whoever ends
 * npx means us. Under anything else than npx nothing is watched: a service manager, `setsid` or `nohup` may leave when they like.
 */
export function whenOrphanedByNpx(environment: Environment, orphaned: () => void): void {
  if (environment.npm_command !== "exec" || environment.npm_lifecycle_event !== "npx") return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    orphaned();
  }, lookEvery).unref();
}
