/** The error of a cancelled operation: always an `AbortError`, with any reason of the signal. */
export function abortError(reason: unknown): Error {
  if (reason instanceof Error && reason.name === "AbortError") return reason;
  const error = new Error("The operation was aborted", { cause: reason });
  error.name = "AbortError";
  return error;
}

interface Abortable {
  abort(error: Error): void;
}

/**
 * The requests that one signal aborts. There is one listener per signal, for any number of
 * requests, because listeners are expensive.
 */
export class Watch {
  readonly #signal: AbortSignal;
  readonly #running = new Set<Abortable>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(running: Abortable): void {
    if (this.#running.size === 0) this.#signal.addEventListener("abort", this.#abort);
    this.#running.add(running);
  }

  /** A listener that stays would keep a combined signal alive for as long as its sources live. */
  delete(running: Abortable): void {
    if (this.#running.delete(running) && this.#running.size === 0) {
      this.#signal.removeEventListener("abort", this.#abort);
    }
  }

  readonly #abort = (): void => {
    const error = abortError(this.#signal.reason);
    for (const abortable of [...this.#running]) abortable.abort(error);
  };
}

const watches = new WeakMap<AbortSignal, Watch>();

/** Aborts `running` when the signal does, until it is deleted from the returned set. */
export function watch(signal: AbortSignal, running: Abortable): Watch {
  let group = watches.get(signal);
  if (group === undefined) {
    group = new Watch(signal);
    watches.set(signal, group);
  }
  group.add(running);
  return group;
}
