import type { Account, HeldBody } from "./account.ts";

/** What requests are for: a server may limit each kind by itself. */
export type Purpose = "page" | "metadata" | "body";

/**
 * The meaning of an answer for our pace. `forbidden`: a 403, which may be a ban; `broken`: none.
 */
export type Verdict = "served" | "refused" | "forbidden" | "banned" | "broken";

/**
 * The pace's finding about a refusal. `ban`: everything is refused, because too much was asked
 * before; `haste`: more are refused than single objects would explain, while others are served;
 * `own`: this object is refused each time, while others are served.
 */
export type Finding = "ban" | "haste" | "own";

/** Statuses that mean "too much" and nothing else. 509: most often too many bytes. */
export function isTooMuch(status: number): boolean {
  return status === 429 || status === 509;
}

/** Returns the meaning of a status alone; a server's own words may add to it. */
export function verdictOn(status: number): Verdict {
  if (status === 403) return "forbidden";
  if (isTooMuch(status) || status === 503) return "refused";
  return status >= 500 ? "broken" : "served";
}

/**
 * Whether an answer may be about more than its object: the server may limit us, or be unwell. Nothing
 * more is sent in the short way then, until the usual way has judged it.
 */
export function isTrouble(status: number): boolean {
  return status === 401 || verdictOn(status) !== "served";
}

/** The connection that a request is sent over, as far as it matters here. */
export interface RequestConnection {
  /** An answer came over it, and it has not been closed since. */
  readonly isServed: boolean;
  answered(): void;
  /** The server does not serve it: it must not be used again. */
  giveUp(): void;
}

/** The sender of a request. */
export interface Sender {
  /** Breaks it off and asks for another turn: no answer comes over its connection. */
  takeBack(): void;
}

/** The pace of a server, which gives turns and gets their outcomes. */
export interface TurnGiver {
  /** `isFirst`: nothing had come over its connection before. */
  answered(turn: Turn, isFirst: boolean): void;
  /** Returns whether the body is to be held, if there is more of it. */
  received(turn: Turn, bytes: number): boolean;
  /** Returns false if the body may come on. Otherwise it is released later. */
  hold(turn: Turn, body: HeldBody): boolean;
  judged(turn: Turn, verdict: Verdict, retryAfterMs: number | undefined): Finding | undefined;
  ended(turn: Turn, timedOut: boolean): void;
}

/**
 * The permission to send one request: it holds a place from its start until its answer has ended.
 */
export class Turn implements Account {
  readonly purpose: Purpose;
  /** The requested path, if known. */
  readonly path: string | undefined;
  /** True for a probe of the source, which most often asks for a witness. */
  isProbe = false;
  /** It is written to a connection, and no more only waiting for one. */
  isSent = false;
  paid = 0;
  came = 0;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** Others that were under way at its server. */
  readonly beside: number;
  #sender: Sender | undefined;
  #timesTakenBack = 0;
  #connection: RequestConnection | undefined;
  readonly #giver: TurnGiver;
  #presumed: Verdict = "broken";
  #isJudged = false;
  #isOver = false;
  #finding: Finding | undefined;

  constructor(giver: TurnGiver, purpose: Purpose, path: string | undefined, sentAt: number, beside: number) {
    this.#giver = giver;
    this.purpose = purpose;
    this.path = path;
    this.sentAt = sentAt;
    this.beside = beside;
  }

  /** The reason of a refusal, if the pace has a finding beyond the answer. */
  get finding(): Finding | undefined {
    return this.#finding;
  }

  /** The request is under way; it was taken back this number of times before. */
  sending(sender: Sender, timesTakenBack: number): void {
    this.#sender = sender;
    this.#timesTakenBack = timesTakenBack;
  }

  /** `undefined` as long as it has no connection, or where connections are not known. */
  get connection(): RequestConnection | undefined {
    return this.#connection;
  }

  onConnection(connection: RequestConnection): void {
    this.#connection = connection;
  }

  get timesTakenBack(): number {
    return this.#timesTakenBack;
  }

  takeBack(): void {
    this.#sender?.takeBack();
    this.#connection?.giveUp();
  }

  /** The head of an answer came. The adapter may judge a refusal until its body has ended. */
  answered(status: number): void {
    const isFirst = this.#connection?.isServed !== true;
    this.#connection?.answered();
    this.#giver.answered(this, isFirst);
    const verdict = verdictOn(status);
    if (verdict === "served" || verdict === "broken") this.judge(verdict);
    else this.#presumed = verdict;
  }

  /**
   * Bytes of its answer came. Returns whether the body is to be held before more is read: more came
   * than the operator's limit allows by now.
   */
  received(bytes: number): boolean {
    return this.#giver.received(this, bytes);
  }

  /** Returns false if the body may come on. Otherwise it is released later. */
  hold(body: HeldBody): boolean {
    return this.#giver.hold(this, body);
  }

  /** The first judgement counts. `retryAfterMs`: the wait that the server asks for. */
  judge(verdict: Verdict, retryAfterMs?: number): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.#finding = this.#giver.judged(this, verdict, retryAfterMs);
  }

  /** Nothing more comes. May be called twice. `timedOut`: no answer came in time. */
  ended(timedOut = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#presumed === "broken") this.judge("broken");
    // After the code that waits for the body's end.
    else if (!this.#isJudged) setImmediate(() => this.judge(this.#presumed));
    this.#giver.ended(this, timedOut);
  }
}
