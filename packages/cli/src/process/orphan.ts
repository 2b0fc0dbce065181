import type { Environment } from "@brigade/core";

/** Milliseconds between looks at the parent. */
const lookEvery = 500;

/**
 * Calls back when npx, which started this process, is gone. At a signal npx ends, and it passes the
 * signal to a shell only: a user that ends npx means this process. Other parents are not watched: a
 * service manager, `setsid` or `nohup` may end at any time.
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
