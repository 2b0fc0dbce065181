import type { Queues } from "../wire/status.ts";
import type { Trouble } from "./trouble.ts";

interface Asked {
  readonly trouble: Trouble;
  /** A question is on its way. */
  asking: boolean;
  answer: Queues | undefined;
  /** Queues that are not there. */
  missing: readonly string[];
  /** When that came, Unix milliseconds. */
  at: number;
  /** Since when all queues that cause work are empty. */
  emptySince: number | undefined;
}

/** Milliseconds after which an answer does not count any more: the broker is away. */
const staleMs = 6_000;

export interface QueueQuestions {
  readonly depths: (source: string) => Promise<Queues>;
  readonly missingQueues?: ((source: string) => Promise<readonly string[]>) | undefined;
}

/** What waits in the queues of each source, as the broker said last. */
export class QueueDepths {
  readonly #questions: QueueQuestions;
  readonly #newTrouble: () => Trouble;
  readonly #asked = new Map<string, Asked>();

  constructor(questions: QueueQuestions, newTrouble: () => Trouble) {
    this.#questions = questions;
    this.#newTrouble = newTrouble;
  }

  /** Asks about a source, unless an answer is still to come. */
  async ask(source: string, now: () => number): Promise<void> {
    const asked = this.#of(source);
    if (asked.asking) return;
    asked.asking = true;
    try {
      const { depths, missingQueues } = this.#questions;
      const answer = await depths(source);
      const { dead: _dead, ...work } = answer;
      const isEmpty = Object.values(work).every((depth) => depth === 0);
      asked.missing = (isEmpty && (await missingQueues?.(source))) || [];
      asked.answer = answer;
      asked.at = now();
      asked.trouble.end();
      asked.emptySince = isEmpty ? (asked.emptySince ?? asked.at) : undefined;
    } catch (error) {
      asked.answer = undefined;
      asked.trouble.begin(error);
    } finally {
      asked.asking = false;
    }
  }

  of(source: string, at: number): Queues | undefined {
    const asked = this.#asked.get(source);
    return asked !== undefined && at - asked.at <= staleMs ? asked.answer : undefined;
  }

  /** Queues that are not there. */
  missing(source: string): readonly string[] {
    return this.#asked.get(source)?.missing ?? [];
  }

  emptySince(source: string, at: number): number | undefined {
    return this.of(source, at) === undefined ? undefined : this.#asked.get(source)?.emptySince;
  }

  #of(source: string): Asked {
    const known = this.#asked.get(source);
    if (known !== undefined) return known;
    const fresh: Asked = {
      asking: false,
      answer: undefined,
      missing: [],
      at: 0,
      emptySince: undefined,
      trouble: this.#newTrouble(),
    };
    this.#asked.set(source, fresh);
    return fresh;
  }
}
