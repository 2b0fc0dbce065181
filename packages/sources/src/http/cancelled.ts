/** What a cancelled operation throws: always an `AbortError`, whatever the signal's reason is. */
export function abortError(reason: unknown): Error {
  if (reason instanceof Error && reason.name === "AbortError") return reason;
  const error = new Error("The operation was aborted", { cause: reason });
  error.name = "AbortError";
  return error;
}

interface Abortable {
  abort(error: Error): void;
}

const watched = new WeakMap<AbortSignal, Set<Abortable>>();

/**
 * Aborts `running` when the signal does, until it is deleted from the set that comes back. One listener a signal,
 * however many requests it covers: thousands a second share one signal, and listeners are dear.
 */
export function watch(signal: AbortSignal, running: Abortable): Set<Abortable> {
  let group = watched.get(signal);
  if (group === undefined) {
    const created = new Set<Abortable>();
    group = created;
    watched.set(signal, created);
    signal.addEventListener(
      "abort",
      () => {
        const error = abortError(signal.reason);
        for (const abortable of [...created]) abortable.abort(error);
      },
      { once: true },
    );
  }
  group.add(running);
  return group;
}
