/**
 * Combines `own` with others, each pair once: a combined signal lives as long as its sources, and
 * listening to a new one for every piece of work costs memory and time.
 */
export function eitherSignal(own: AbortSignal): (other: AbortSignal) => AbortSignal {
  const combined = new WeakMap<AbortSignal, AbortSignal>();
  return (other) => {
    const signal = combined.get(other) ?? AbortSignal.any([own, other]);
    combined.set(other, signal);
    return signal;
  };
}
