import { gateOf } from "@brigade/core";
import type { Pace } from "../pacing/pace.ts";
import type { Purpose, Sender, Turn } from "../pacing/turns/turn.ts";
import type { Exchange, Holdings } from "./exchange.ts";
import { codeOf } from "./faults/seen.ts";
import type { HttpResponse } from "./reading/response.ts";

export interface Paced {
  readonly pace: Pace;
  readonly purpose: Purpose;
  /** The requested path. */
  readonly path: string;
  readonly signal: AbortSignal;
  /** Sends it; may be called again where its promise was rejected with TakenBack. */
  readonly start: (
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
    held: Holdings,
  ) => Exchange;
  /**
   * Returns whether a request that failed with this error (`inBody`: after its headers had come) is
   * read in another way when it is sent again.
   */
  readonly isReadAnew: (error: Error, inBody: boolean) => boolean;
}

const timeouts = new Set(["UND_ERR_HEADERS_TIMEOUT", "UND_ERR_CONNECT_TIMEOUT"]);

/** Why a request was taken back from its connection: it is sent again over another. */
class TakenBack extends Error {
  override readonly name = "AbortError";
}

/**
 * Sends a request when it is its turn; anew where no answer comes over its connection, while others
 * are answered.
 */
export function sendInTurn(paced: Paced): Promise<HttpResponse> {
  return new Promise((resolve, reject) => new PacedRequest(paced, resolve, reject).enter());
}

class PacedRequest implements Sender {
  readonly #paced: Paced;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: unknown) => void;
  #exchange: Exchange | undefined;
  #timesTakenBack = 0;
  #isReadAnew = false;

  constructor(paced: Paced, resolve: (response: HttpResponse) => void, reject: (error: unknown) => void) {
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
    // A request that is held back keeps no place: the probe that decides about the source needs
    // one.
    turn.ended();
    passing.then(() => this.enter()).catch(this.#reject);
  }

  #start(turn: Turn): void {
    turn.sending(this, this.#timesTakenBack);
    // For this turn only: undici may report an exchange's end again when another turn has begun.
    const held: Holdings = { turn, ended: (error, inBody) => this.#ended(turn, error, inBody) };
    this.#exchange = this.#paced.start(this.#resolve, (error) => this.#fail(turn, error), held);
  }

  #fail(turn: Turn, error: unknown): void {
    turn.ended();
    if (error instanceof TakenBack) {
      this.#timesTakenBack++;
      this.enter();
    } else if (this.#isReadAnew) {
      this.#isReadAnew = false;
      this.enter();
    } else this.#reject(error);
  }

  /** In the middle of a body, too: then whoever asks for it again has it read so. */
  #ended(turn: Turn, error: Error | undefined, inBody = false): void {
    turn.ended(isTimeout(error));
    if (error !== undefined && this.#paced.isReadAnew(error, inBody)) this.#isReadAnew = true;
  }
}

function isTimeout(error: Error | undefined): boolean {
  return error !== undefined && timeouts.has(codeOf(error));
}
