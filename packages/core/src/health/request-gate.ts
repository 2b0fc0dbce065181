import { SourcePaused } from "../failures.ts";
import type { Source } from "../source.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: SourcePaused) => void;
}

/**
 * What every request of a consumer passes last, after it has got its place among the connections. `open`: it passes.
 * `held`: it waits, for the moments in which it is found out whether the source is well. `closed`: it is refused.
 */
export class RequestGate {
  #state: "open" | "held" | "closed" = "open";
  #waiting: Waiter[] = [];

  /** Returns `undefined` if the request may be sent now, which costs no promise. Rejects with SourcePaused. */
  enter(): Promise<void> | undefined {
    switch (this.#state) {
      case "open":
        return undefined;
      case "closed":
        return Promise.reject(new SourcePaused());
      case "held":
        return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    }
  }

  /** Changes nothing where it is closed. */
  hold(): void {
    if (this.#state === "open") this.#state = "held";
  }

  /** Ends `hold`; changes nothing where it is closed. */
  release(): void {
    if (this.#state === "held") this.open();
  }

  open(): void {
    this.#state = "open";
    for (const { resolve } of this.#leave()) resolve();
  }

  close(): void {
    this.#state = "closed";
    for (const { reject } of this.#leave()) reject(new SourcePaused());
  }

  #leave(): readonly Waiter[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

/** The source, asked only while the gate lets requests pass. To be wrapped by what makes requests wait or repeats them. */
export function withGate(source: Source, gate: RequestGate): Source {
  const behind = <T>(ask: () => Promise<T>): Promise<T> => {
    const entering = gate.enter();
    return entering === undefined ? ask() : entering.then(ask);
  };
  return {
    fingerprint: source.fingerprint,
    ...(source.variant === undefined ? {} : { variant: source.variant }),
    capabilities: source.capabilities,
    listPage: (directory, cursor, signal) => behind(() => source.listPage(directory, cursor, signal)),
    open: (object, range, signal) => behind(() => source.open(object, range, signal)),
    stat: (key, signal) => behind(() => source.stat(key, signal)),
  };
}
