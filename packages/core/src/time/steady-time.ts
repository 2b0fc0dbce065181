/**
 * Unix milliseconds by the wall clock as it was when the process began: they only grow, however the
 * wall clock is set meanwhile. For times that are kept, and compared within one process. Where only
 * a span counts, `performance.now()` is enough.
 */
export function steadyTime(): number {
  return Math.floor(performance.timeOrigin + performance.now());
}
