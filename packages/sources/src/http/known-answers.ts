import type { DirectAnswer, DirectFault } from "@brigade/core";
import type { Dispatcher } from "undici";
import { isTrouble } from "../pacing/turns/turn.ts";
import type { Exchange } from "./exchange.ts";
import type { OutgoingRequest } from "./requests/outgoing-request.ts";

/** Answers that are kept at most; the oldest are dropped first. */
const most = 1_000;
/**
 * Milliseconds for which an answer is kept. What may be about the whole source says nothing of a later
 * moment: a refusal during a ban would count as the object's own after it.
 */
const keptFor = { own: 30_000, maybeOfAll: 1_000 };

interface Known {
  readonly came: DirectAnswer | DirectFault;
  /** Monotonic milliseconds. */
  readonly at: number;
}

/**
 * What the threads of volumes got for paths of one origin, and could not use: each is judged like an
 * answer to a request of the usual way, once, and nothing is sent for it again.
 */
export class KnownAnswers {
  readonly #now: () => number;
  readonly #byPath = new Map<string, Known>();

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  add(path: string, came: DirectAnswer | DirectFault): void {
    this.#byPath.delete(path);
    const [oldest] = this.#byPath.keys();
    if (this.#byPath.size >= most && oldest !== undefined) this.#byPath.delete(oldest);
    this.#byPath.set(path, { came, at: this.#now() });
  }

  /** Returns what is known of this request; `undefined` if it is to be sent. */
  take({ method, path, headers }: OutgoingRequest): DirectAnswer | DirectFault | undefined {
    if (this.#byPath.size === 0 || method !== "GET") return undefined;
    if (headers.includes("range") || headers.includes("cache-control")) return undefined;
    const known = this.#byPath.get(path);
    this.#byPath.delete(path);
    if (known === undefined) return undefined;
    const limit = isMaybeOfAll(known.came) ? keptFor.maybeOfAll : keptFor.own;
    return this.#now() - known.at < limit ? known.came : undefined;
  }
}

/** Whether it may be about more than its object: a refusal, or no answer at all. */
function isMaybeOfAll(came: DirectAnswer | DirectFault): boolean {
  return !("status" in came) || isTrouble(came.status);
}

/** Hands an answer to its exchange, as if it came now. */
export function replay(came: DirectAnswer | DirectFault, exchange: Exchange): void {
  const replayed = new Replayed(exchange);
  setImmediate(() => replayed.run(came));
}

class Replayed implements Dispatcher.DispatchController {
  paused = false;
  reason: Error | null = null;
  readonly #exchange: Exchange;
  #isOver = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  get aborted(): boolean {
    return this.reason !== null;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  abort(reason: Error): void {
    this.reason ??= reason;
    this.#fail(reason);
  }

  run(came: DirectAnswer | DirectFault): void {
    this.#exchange.onRequestStart(this);
    if (this.aborted) return;
    if (!("status" in came)) {
      this.#fail(errorOf(came));
      return;
    }
    this.#exchange.onResponseStart(this, came.status, came.headers, came.statusText);
    if (!this.aborted && came.body.byteLength > 0) this.#exchange.onResponseData(this, came.body);
    if (this.aborted || this.#isOver) return;
    this.#isOver = true;
    this.#exchange.onResponseEnd();
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#exchange.onResponseError(this, error);
  }
}

function errorOf({ name, code, message }: DirectFault): Error {
  return Object.assign(new Error(message), { name, ...(code !== undefined && { code }) });
}
