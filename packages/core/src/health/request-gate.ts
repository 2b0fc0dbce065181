import type { Source } from "../contracts/source.ts";
import { SourcePaused } from "../failures.ts";

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: SourcePaused) => void;
}

/**
 * What every request of a consumer passes last, after it has got its place among the connections.
 * `open`: it passes. `held`: it waits, for the moments in which it is found out whether the source
 * is well. `closed`: it is refused.
 */
export class RequestGate {
  #state: "open" | "held" | "closed" = "open";
  #waiting: Waiter[] = [];

  get isClosed(): boolean {
    return this.#state === "closed";
  }

  /**
   * Returns `undefined` if the request may be sent now, which costs no promise. Rejects with
   * SourcePaused.
   */
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

/**
 * By the signal under which a consumer asks: a source hands it on to all requests that follow from
 * the question.
 */
const gates = new WeakMap<AbortSignal, RequestGate>();

/**
 * The gate that requests under this signal pass. A source that makes requests wait asks the gate
 * when a request is sent.
 */
export function gateOf(signal: AbortSignal): RequestGate | undefined {
  return gates.get(signal);
}

const probes = new WeakSet<AbortSignal>();

/**
 * A signal for requests that find out whether a source is well: they never wait, since others
 * wait for them.
 */
export function probing(signal: AbortSignal): AbortSignal {
  const own = AbortSignal.any([signal]);
  probes.add(own);
  return own;
}

export function isProbe(signal: AbortSignal): boolean {
  return probes.has(signal);
}

/**
 * The source, asked only while the gate lets requests pass. To be wrapped by what makes requests
 * wait or repeats them.
 */
export function withGate(source: Source, gate: RequestGate): Source {
  const behind = <T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> => {
    gates.set(signal, gate);
    const entering = gate.enter();
    return entering === undefined ? ask() : entering.then(ask);
  };
  return {
    fingerprint: source.fingerprint,
    variant: source.variant,
    manyOrigins: source.manyOrigins,
    listPage: (directory, cursor, signal) => behind(signal, () => source.listPage(directory, cursor, signal)),
    open: (object, range, signal) => behind(signal, () => source.open(object, range, signal)),
    stat: (key, signal) => behind(signal, () => source.stat(key, signal)),
  };
}
