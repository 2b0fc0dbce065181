/** What requests are for: a server may limit each kind by itself. */
export type Purpose = "page" | "metadata" | "body";

/** What an answer says of our pace. `forbidden`: a 403, which may be a ban; `broken`: it says nothing. */
export type Verdict = "served" | "refused" | "forbidden" | "banned" | "broken";

/**
 * What the pace knows of a refusal. `ban`: everything is refused, because too much was asked before; `haste`: so many are refused
 * that it is no object's own, while others are served; `own`: this object is refused each time, while others are served.
 */
export type Finding = "ban" | "haste" | "own";

/** Says that too much is asked, and nothing else. 509: of bytes, most often. */
export function isTooMuch(status: number): boolean {
  return status === 429 || status === 509;
}

/** What a status says by itself; a server's own words may say more. */
export function verdictOn(status: number): Verdict {
  if (status === 403) return "forbidden";
  if (isTooMuch(status) || status === 503) return "refused";
  return status >= 500 ? "broken" : "served";
}

/** A connection, as far as it matters here. */
export interface Line {
  /** An answer came over it, and it has not been closed since. */
  readonly isServed: boolean;
  answered(): void;
  /** Nobody serves it: it is not to be used again. */
  giveUp(): void;
}

/** Whoever has sent a request. */
export interface Sender {
  /** Breaks it off and asks for another turn: no answer comes over its connection. */
  takeBack(): void;
}

/** Who gave a turn, and is told what becomes of it: the pace of its server. */
export interface TurnGiver {
  /** `isFirst`: nothing had come over its connection before. */
  answered(turn: Turn, isFirst: boolean): void;
  received(bytes: number): void;
  judged(turn: Turn, verdict: Verdict, retryAfterMs: number | undefined): Finding | undefined;
  ended(turn: Turn, timedOut: boolean): void;
}

/** One request's leave to be sent: it holds a place from its start until its answer has ended. */
export class Turn {
  readonly purpose: Purpose;
  /** What is asked for, where that is known. */
  readonly path: string | undefined;
  /** It finds out whether the source is well, and asks for what is known to work, most often. */
  isProbe = false;
  /** Monotonic milliseconds. */
  readonly sentAt: number;
  /** Others that were under way at its server. */
  readonly beside: number;
  #sender: Sender | undefined;
  #timesTakenBack = 0;
  #line: Line | undefined;
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

  /** Why it was refused, where the pace knows more than the answer says. */
  get finding(): Finding | undefined {
    return this.#finding;
  }

  /** The request is under way; it was taken back so many times before. */
  sending(sender: Sender, timesTakenBack: number): void {
    this.#sender = sender;
    this.#timesTakenBack = timesTakenBack;
  }

  /** `undefined` as long as it has no connection, or where connections are not known. */
  get line(): Line | undefined {
    return this.#line;
  }

  goesOver(line: Line): void {
    this.#line = line;
  }

  get timesTakenBack(): number {
    return this.#timesTakenBack;
  }

  takeBack(): void {
    this.#sender?.takeBack();
    this.#line?.giveUp();
  }

  /** The head of an answer came. Whoever understands a refusal judges it, until its body has ended. */
  answered(status: number): void {
    const isFirst = this.#line?.isServed !== true;
    this.#line?.answered();
    this.#giver.answered(this, isFirst);
    const verdict = verdictOn(status);
    if (verdict === "served" || verdict === "broken") this.judge(verdict);
    else this.#presumed = verdict;
  }

  received(bytes: number): void {
    this.#giver.received(bytes);
  }

  /** The first judgement counts. `retryAfterMs`: that the server asks us to wait. */
  judge(verdict: Verdict, retryAfterMs?: number): void {
    if (this.#isJudged) return;
    this.#isJudged = true;
    this.#finding = this.#giver.judged(this, verdict, retryAfterMs);
  }

  /** Nothing more comes. May be called twice. `timedOut`: nobody answered in time. */
  ended(timedOut = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#presumed === "broken") this.judge("broken");
    // Later than whoever waits for the body's end.
    else if (!this.#isJudged) setImmediate(() => this.judge(this.#presumed));
    this.#giver.ended(this, timedOut);
  }
}
