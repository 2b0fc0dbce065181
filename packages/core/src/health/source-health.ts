import { classify, FatalError, HostError, SourceError } from "../failures.ts";
import { type Delayer, delay } from "../time/delay.ts";
import { Credentials, isUnauthorized } from "./credentials.ts";
import { Outage, type OutageReport } from "./outage.ts";
import { Proof } from "./proof.ts";
import { probing, type RequestGate } from "./request-gate.ts";
import { type Subject, Witnesses } from "./witnesses.ts";

/**
 * Whose fault it is that a subject did not come:
 * - `own`      its own: something that is known to work came after it
 * - `shared`   the source's, and every object fails for it: nothing is counted
 * - `unknown`  it was refused, and nothing is known to work
 */
export type Judgement = "own" | "shared" | "unknown";

export interface HealthParts<S extends Subject> {
  /** What the consumer's requests pass. */
  readonly gate: RequestGate;
  /**
   * Asks for a subject past gate, limits and retries. Throws SourceError where it does not come.
   */
  readonly ask: (subject: S, signal: AbortSignal) => Promise<void>;
  /**
   * Lists something that was listed before: whether our credentials are still good. Throws
   * SourceError.
   */
  readonly list: (subject: S, signal: AbortSignal) => Promise<void>;
  /** Subjects that came in earlier runs. */
  readonly ofEarlierRuns: () => Promise<readonly S[]>;
  readonly onPause: (report: OutageReport) => void;
  readonly onResume: (pausedMs: number) => void;
  readonly onGiveUp: (error: FatalError) => void;
  readonly signal: AbortSignal;
  /** Monotonic, milliseconds. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

export interface HealthOptions {
  /** Milliseconds that an outage may last. */
  readonly limitMs: number;
  /** Its objects come from many hosts: what concerns one of these does not concern the source. */
  readonly manyOrigins: boolean;
}

/**
 * Failures in a row at which no new request is sent until it is known whether the source is well.
 */
const holdAt = { refusedCredentials: 2, others: 8 };
/**
 * Different subjects that fail in a row, with nothing that is known to work, before the source is
 * at fault.
 */
const suspicious = 32;
/**
 * Times that one subject alone is refused as too fast, before that is its own fault; as far as it
 * is announced, or guessed.
 */
const alone = { said: 16, guessed: 4 };
/** Subjects whose refusals by rate are kept, at most. */
const remembered = 10_000;
/**
 * Milliseconds for which everything is refused as too fast, before what is known to work is
 * requested. The pace is found from its answer.
 */
const askedFor = 2_000;
/** The same, before the source is paused. */
const longestRefusal = 30_000;
/** Milliseconds for which good credentials count as good still, where nothing else is known. */
const longestTrust = 10_000;
/**
 * New witnesses that one probe asks for. A ban may go on for as long as requests come, so that a probe
 * is only a few of them.
 */
const newPerProbe = 2;
/** Milliseconds until a probe that could not be sent is sent again. */
const againMs = 1_000;

/**
 * Distinguishes the fault of one subject from that of the source (rule 8). The source is unwell only if
 * what is known to work has stopped working. Then it is paused, and only probes are sent, until one
 * is answered or the limit is reached. A success proves that the source worked from the moment on
 * in which its request was begun.
 */
export class SourceHealth<S extends Subject> {
  /** Gets what is listed unchanged; the rest is reported to this class. */
  readonly witnesses: Witnesses<S>;
  readonly #parts: HealthParts<S>;
  readonly #options: HealthOptions;
  readonly #now: () => number;
  readonly #proof: Proof<S>;
  readonly #outage: Outage;
  readonly #credentials: Credentials<S>;
  readonly #probing: AbortSignal;
  /** Times in a row that a subject was refused as too fast, by key. */
  readonly #tooFast = new Map<string, number>();

  constructor(parts: HealthParts<S>, options: HealthOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#now = parts.now ?? (() => performance.now());
    this.witnesses = new Witnesses(parts.ofEarlierRuns);
    const timed = { ...parts, now: this.#now, delay: parts.delay ?? delay };
    this.#proof = new Proof({
      ...timed,
      witnesses: this.witnesses,
      refusalOf: (subject) => this.#refusalOf(subject),
      isPaused: () => this.isPaused,
    });
    this.#probing = probing(parts.signal);
    this.#credentials = new Credentials({
      ...timed,
      list: (subject, signal) => this.#sent(() => parts.list(subject, signal)),
      signal: this.#probing,
    });
    this.#outage = new Outage({ ...timed, probe: (turn) => this.#probe(turn) }, options.limitMs);
  }

  get isPaused(): boolean {
    return this.#outage.isOn;
  }

  /** Whether anything came in this run. */
  get hasWorked(): boolean {
    return this.#proof.hasWorked;
  }

  /** Whether anything came in this run that may be asked for again. */
  get hasWitness(): boolean {
    return !this.witnesses.isEmpty;
  }

  /** Returns when a request is begun; to be given to `succeeded` or `judge`. */
  begin(): number {
    return this.#now();
  }

  /** Called when the subject came, and is not stored yet: a witness, if there is no other. */
  came(subject: S): void {
    if (this.witnesses.isEmpty) this.witnesses.add(subject);
  }

  /** `witness`: the subject, where it may be asked for again later. */
  succeeded(begunAt: number, subject: S, isWitness: boolean): void {
    if (isWitness) this.witnesses.add(subject);
    this.#proof.succeeded(begunAt);
    if (this.#tooFast.size > 0) this.#tooFast.delete(subject.key);
  }

  /**
   * To be called when the failure has just come. What fails while the source is paused, or has been
   * paused since the request was begun, is never the subject's own fault. Never rejects but for
   * bugs.
   */
  async judge(subject: S, error: SourceError, begunAt: number): Promise<Judgement> {
    if (this.#outage.wasOnSince(begunAt)) return "shared";
    const judgement = await this.#judge(subject, error);
    // The probe that ended an outage meanwhile proves that the source works now, and not that it
    // worked then.
    return this.#outage.wasOnSince(begunAt) ? "shared" : judgement;
  }

  async #judge(subject: S, error: SourceError): Promise<Judgement> {
    // One host of many: the source's adapter has seen that it is that host's own, and nothing
    // follows for the others.
    if (error.scope === "origin" && this.#options.manyOrigins) return "own";
    const failedAt = this.#proof.failed(subject);
    const failure = classify(error, this.#options);
    if (failure.fault === "object") return await this.#judgeObject(error, failedAt, failure.final);
    if (failure.fault !== "source") return "own";
    if (failure.slowDown) return await this.#judgeTooFast(subject, error, failedAt);
    if (!failure.stop || (error.kind === "misconfigured" && error.scope === "origin" && this.hasWorked))
      return await this.#judgeOrigin(error, failedAt);
    if (error.kind === "unauthorized") return await this.#judgeCredentials(subject, error, failedAt);
    if (error.kind === "misconfigured") this.giveUp(new FatalError(error.message, { cause: error }));
    else this.pause({ reason: error.message, isBan: error.kind === "banned" });
    return "shared";
  }

  /** Nothing is sent any more but probes, until one is answered. */
  pause(report: OutageReport): void {
    if (this.#parts.signal.aborted) this.#parts.gate.close();
    else this.#outage.begin(report, this.#proof.failingSince ?? this.#now());
  }

  giveUp(error: FatalError): void {
    this.#outage.giveUp(error);
  }

  async #judgeObject(error: SourceError, failedAt: number, isRefusal: boolean): Promise<Judgement> {
    const proof = await this.#proofAfter(failedAt);
    if (proof === "works") return "own";
    if (proof === "stopped") return this.#pauseFor(error, isRefusal);
    if (isRefusal) return "unknown";
    if (this.#proof.failing.size < suspicious) return "own";
    this.pause({ reason: error.message, isBan: false });
    return "shared";
  }

  /**
   * A host that cannot be reached at all is at fault without a witness, unless something came from
   * it since.
   */
  async #judgeOrigin(error: SourceError, failedAt: number): Promise<Judgement> {
    if ((await this.#proofAfter(failedAt)) === "works") return "own";
    return this.#pauseFor(error, false);
  }

  /**
   * Not counted while others are refused too. A subject that is refused each time, while others
   * come, is at fault.
   */
  async #judgeTooFast(subject: S, error: SourceError, failedAt: number): Promise<Judgement> {
    const refusedFor = failedAt - (this.#proof.failingSince ?? failedAt);
    if (refusedFor >= longestRefusal) return this.#pauseFor(error, false);
    if (this.#tooFast.size >= remembered) this.#tooFast.clear();
    const times = (this.#tooFast.get(subject.key) ?? 0) + 1;
    this.#tooFast.set(subject.key, times);
    const isAlone = times >= (error.isGuess ? alone.guessed : alone.said);
    if (!isAlone && (refusedFor < askedFor || error.retryAfterMs !== undefined)) return "shared";
    const proof = await this.#proofAfter(failedAt);
    this.#parts.gate.release();
    if (proof !== "works" || !isAlone) return "shared";
    this.#tooFast.delete(subject.key);
    return "own";
  }

  /**
   * A refusal of credentials is the subject's own while others, or at least listings, are given to
   * us.
   */
  async #judgeCredentials(subject: S, error: SourceError, failedAt: number): Promise<Judgement> {
    const proof = await this.#proofAfter(failedAt, holdAt.refusedCredentials);
    if (proof === "works") return "own";
    if (this.isPaused) return "shared";
    const since = proof === "stopped" ? failedAt : failedAt - longestTrust;
    const listing = await this.#credentials.refusal(subject, since);
    if (listing === undefined) return proof === "stopped" ? this.#pauseFor(error, true) : "unknown";
    if (isUnauthorized(listing)) this.giveUp(new FatalError(listing.message, { cause: listing }));
    else this.#pauseFor(error, false);
    return "shared";
  }

  #pauseFor({ message }: SourceError, isRefusal: boolean): Judgement {
    const reason = isRefusal
      ? `it refuses everything, also what it gave before, which looks like a ban: ${message}`
      : message;
    this.pause({ reason, isBan: isRefusal });
    return "shared";
  }

  #proofAfter(failedAt: number, hold = holdAt.others): Promise<"works" | "stopped" | "unknown"> {
    return this.#proof.after(failedAt, hold);
  }

  /** While it is paused: new witnesses, the others in turn, and what failed in turn. */
  async #probe(turn: number): Promise<Error | undefined> {
    const inTurn = [await this.witnesses.all(), [...this.#proof.failing.values()]];
    const subjects = inTurn.flatMap((list) => list[turn % list.length] ?? []);
    let refusal: Error | undefined;
    for (const subject of [...this.witnesses.notAsked(newPerProbe), ...subjects]) {
      refusal = await this.#refusalOf(subject);
      if (refusal === undefined) return undefined;
      // A server that does not answer takes the whole time limit of each request.
      if (refusal instanceof SourceError && refusal.kind === "transport") break;
    }
    return refusal;
  }

  /** What this machine could not send is no evidence about the source: it is sent later. */
  async #sent(ask: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        await (this.#parts.delay ?? delay)(againMs, this.#probing);
      }
    }
  }

  async #refusalOf(subject: S): Promise<Error | undefined> {
    const begunAt = this.begin();
    try {
      await this.#sent(() => this.#parts.ask(subject, this.#probing));
      return void this.succeeded(begunAt, subject, false);
    } catch (error) {
      return asError(error);
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
