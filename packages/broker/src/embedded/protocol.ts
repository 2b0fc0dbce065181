import type { DeadLetter, EncodedError, QueueKind } from "@brigade/core";
import type { WorkQueue } from "../route.ts";

/*
 * What the main thread and the store's thread say to each other. Either side posts arrays of these,
 * one post for all that came together; order is kept both ways, and the thread acts on them in
 * order.
 */

/** A message on its way into a queue. */
export interface Entry {
  readonly source: string;
  readonly queue: WorkQueue;
  readonly body: string;
  /** Unix milliseconds; absent: at once. */
  readonly due?: number;
}

/**
 * What becomes of a message that was handed out. Not answered: a later `sync` is answered when all are
 * committed.
 */
export type Settlement =
  | { readonly kind: "ack"; readonly id: number }
  | { readonly kind: "retry"; readonly id: number; readonly entries: readonly Entry[] }
  /** Unix milliseconds; without `due` at once. */
  | { readonly kind: "release"; readonly id: number; readonly due?: number }
  | { readonly kind: "reject"; readonly id: number; readonly reason: string; readonly at: number };

/**
 * Not answered. `aside`: a message that is still held does not count against its consumer's
 * prefetch any more. `absolve`: whatever ends this process from now on is no fault of what is held.
 */
export type Note = { readonly kind: "aside"; readonly id: number } | { readonly kind: "absolve" };

/** Messages of one source's directories, files, retry and records, all counted in one moment. */
export interface Busy {
  readonly ready: number;
  readonly delayed: number;
  readonly unacked: number;
}

/**
 * What is asked, and what the answer is. Every answer comes after the commit of all that was sent
 * before.
 */
export interface Questions {
  publish: { ask: { readonly entries: readonly Entry[] }; answer: undefined };
  consume: {
    ask: {
      readonly consumer: number;
      readonly source: string;
      readonly queue: WorkQueue;
      readonly prefetch: number;
      readonly isFirst: boolean;
    };
    answer: undefined;
  };
  /** Nothing is handed to the consumer after the answer. */
  pause: { ask: { readonly consumer: number }; answer: undefined };
  resume: { ask: { readonly consumer: number }; answer: undefined };
  cancel: { ask: { readonly consumer: number }; answer: undefined };
  prefetch: { ask: { readonly consumer: number; readonly prefetch: number }; answer: undefined };
  sync: { ask: object; answer: undefined };
  /** Unix milliseconds: delayed messages that are due become ready. */
  wake: { ask: { readonly now: number }; answer: undefined };
  depth: { ask: { readonly source: string; readonly queue: QueueKind }; answer: number };
  busy: { ask: { readonly source: string }; answer: Busy };
  deadLetters: { ask: { readonly source: string; readonly limit: number }; answer: DeadLetter[] };
  purge: { ask: { readonly source: string }; answer: number };
  /** The last: what is held becomes ready again, uncounted, and the database is closed. */
  close: { ask: object; answer: undefined };
}

export type Question = {
  [K in keyof Questions]: { readonly kind: K; readonly ticket: number } & Questions[K]["ask"];
}[keyof Questions];

export type Request = Settlement | Note | Question;

export function isSettlement(request: Request): request is Settlement {
  return !("ticket" in request || request.kind === "aside" || request.kind === "absolve");
}

/** A message that is held for a consumer. */
export interface HeldMessage {
  readonly id: number;
  readonly deliveries: number;
  readonly isRepeated: boolean;
  readonly body: string;
}

/** A message that is handed to a consumer. It is committed as held before it is posted. */
export interface HandedOut extends HeldMessage {
  readonly consumer: number;
}

export interface Answer {
  readonly ticket: number;
  readonly value: unknown;
}

/** The thread's post after a commit. */
export interface Outcome {
  readonly kind: "outcome";
  readonly answers: readonly Answer[];
  readonly handedOut: readonly HandedOut[];
  /** When the first delayed message is due, Unix milliseconds. */
  readonly nextDue: number | undefined;
}

/** The thread commits and answers nothing any more; what was not committed has not happened. */
export interface Trouble {
  readonly kind: "trouble";
  /** A HostError or a FatalError. */
  readonly error: EncodedError;
}

export type Post =
  | { readonly kind: "opened"; readonly ready: number; readonly redelivered: number }
  | Outcome
  | Trouble;

export interface StoreOptions {
  readonly path: string;
  /** Bytes that the database file may grow to. */
  readonly maxBytes: number | undefined;
  readonly cacheBytes?: number | undefined;
}
