import { gateOf } from "@brigade/core";
import type { Pace } from "../pacing/pace.ts";
import type { Purpose, Sender, Turn } from "../pacing/turns/turn.ts";
import type { Exchange, ExchangeContext } from "./exchange.ts";
import { codeOf } from "./faults/seen.ts";
import type { HttpResponse } from "./reading/response.ts";

export interface PacedOptions {
  readonly pace: Pace;
  readonly purpose: Purpose;
  /** The requested path. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Sends it; may be called again where its promise was rejected with TakenBack. */
  readonly start: (
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
    context: ExchangeContext,
  ) => Exchange;
  /**
   * Returns whether a request that failed with this error will be sent by the lenient client the
   * next time. `inBody`: the headers of its answer had come.
   */
  readonly isSentLeniently: (error: Error, inBody: boolean) => boolean;
}

const timeouts = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"]);

/** Why a request was taken back from its connection: it is sent again over another. */
class TakenBack extends Error {
  override readonly name = "AbortError";
}

/**
 * Sends a request when the pace gives it a turn. Sends it again if no answer comes over its
 * connection while other connections bring answers.
 */
export function sendPaced(paced: PacedOptions): Promise<HttpResponse> {
  return new Promise((resolve, reject) => new PacedRequest(paced, resolve, reject).enter());
}

class PacedRequest implements Sender {
  readonly #paced: PacedOptions;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  #exchange: Exchange | undefined;
  /** Of the request that is under way. */
  #turn: Turn | undefined;
  #timesTakenBack = 0;
  #isSentLeniently = false;

  constructor(
    paced: PacedOptions,
    resolve: (response: HttpResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#paced = paced;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  enter(): void {
    try {
      const turn = this.#paced.pace.enter(this.#paced.purpose, this.#paced.signal, this.#paced.path);
      if (turn instanceof Promise) turn.then((later) => this.#pass(later)).catch(this.#reject);
      else this.#pass(turn);
    } catch (error) {
      this.#reject(error);
    }
  }

  takeBack(): void {
    this.#exchange?.abort(new TakenBack("no answer came over this connection"));
  }

  /** The source may have been paused while the request waited. */
  #pass(turn: Turn): void {
    const passing = gateOf(this.#paced.signal)?.enter();
    if (passing === undefined) {
      this.#start(turn);
      return;
    }
    // A waiting request gives its place back: the probe that decides about the source needs one.
    turn.ended();
    passing.then(() => this.enter()).catch(this.#reject);
  }

  #start(turn: Turn): void {
    turn.sending(this, this.#timesTakenBack);
    this.#turn = turn;
    // For this turn only: undici may report an exchange's end again when another turn has begun.
    const context: ExchangeContext = { turn, ended: (error, inBody) => this.#ended(turn, error, inBody) };
    this.#exchange = this.#paced.start(this.#resolve, (error) => this.#fail(turn, error), context);
  }

  /** An exchange that is aborted may report it twice: it is sent again once. */
  #fail(turn: Turn, error: unknown): void {
    turn.ended();
    if (turn !== this.#turn) return;
    this.#turn = undefined;
    if (error instanceof TakenBack) {
      this.#timesTakenBack++;
      this.enter();
    } else if (this.#isSentLeniently) {
      this.#isSentLeniently = false;
      this.enter();
    } else this.#reject(error);
  }

  /** The error may come within a body. Then only the next request for it is sent leniently. */
  #ended(turn: Turn, error: Error | undefined, inBody = false): void {
    turn.ended(isTimeout(error));
    if (error !== undefined && this.#paced.isSentLeniently(error, inBody)) this.#isSentLeniently = true;
  }
}

function isTimeout(error: Error | undefined): boolean {
  return error !== undefined && timeouts.has(codeOf(error));
}
