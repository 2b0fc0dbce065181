import {
  type ControlCarrier,
  ControlStates,
  type Delayer,
  delay,
  type Log,
  type ObeyedControl,
} from "@brigade/core";

/** Milliseconds that a service waits at its start for what people have ordered. */
const patienceMs = 15_000;

export interface HeardControlParts {
  readonly log: Log;
  /** Aborted when the service leaves. */
  readonly signal: AbortSignal;
  /** Called when orders can be heard from now on: they may be asked for. */
  readonly onListening: () => void;
  readonly delay?: Delayer;
}

/** What a service has heard of orders. The last word holds, however long nothing more is heard. */
export class HeardControls {
  readonly states = new ControlStates();
  readonly #parts: HeardControlParts;
  readonly #waiting = new Set<string>();
  readonly #told = new Map<string, string>();
  #isListening = false;

  constructor(parts: HeardControlParts) {
    this.#parts = parts;
  }

  /** Sources whose work has not begun: nothing was heard of them yet. */
  get waiting(): readonly string[] {
    return [...this.#waiting];
  }

  /** Returns what is reported of a source; `undefined` while nothing can be heard at all. */
  of(source: string): ObeyedControl | undefined {
    if (!this.#isListening) return undefined;
    const { current, unknown } = this.states.of(source);
    return { ...(current && { revision: current.revision }), unknown: [...unknown] };
  }

  /** Hears what is told of these sources from now on. */
  listen(carrier: ControlCarrier, sources: readonly string[]): AsyncDisposable {
    this.#isListening = true;
    for (const source of sources) this.#waiting.add(source);
    return carrier.onControl(
      sources,
      (heard) => {
        this.#logUnknown(heard.control.source, heard.unknown);
        this.states.of(heard.control.source).hear(heard);
      },
      this.#parts.onListening,
    );
  }

  /**
   * Resolves when something was heard of the source; after 15 seconds without a word too: then the
   * service works, and that is logged.
   */
  async first(source: string): Promise<void> {
    const { log, signal, delay: wait = delay } = this.#parts;
    if (!this.#waiting.has(source)) return;
    const heard = Promise.withResolvers<void>();
    const over = new AbortController();
    const forget = this.states.of(source).onChange(() => heard.resolve());
    const late = wait(patienceMs, AbortSignal.any([signal, over.signal])).catch(() => undefined); // it was heard, or we leave
    await Promise.race([heard.promise, late]);
    over.abort();
    forget();
    this.#waiting.delete(source);
    if (this.states.of(source).current === undefined && !signal.aborted)
      log.warn(
        { source, waitedMs: patienceMs },
        "nothing was heard of what people have ordered (`brigade pause`, `limit`, `drain`): is the ledger away? The work begins",
      );
  }

  /** Once per change. */
  #logUnknown(source: string, unknown: readonly string[]): void {
    const names = unknown.join(", ");
    if (names === (this.#told.get(source) ?? "")) return;
    this.#told.set(source, names);
    if (names !== "")
      this.#parts.log.warn(
        { source, parts: names },
        "orders that only a newer brigade can obey are ignored here",
      );
  }
}
