import type { Committed } from "./accounts.ts";
import type { RecordMessage } from "./recorder.ts";

interface Entry {
  readonly messages: readonly RecordMessage[];
  readonly waiting: PromiseWithResolvers<readonly (string | undefined)[]>;
}

/** Messages of one transaction, at most about: its memory, and how long a question waits behind it. */
const mostMessages = 2_000;

/** Whatever arrives while one commit is running goes into the next together. */
export class CommitGroups {
  readonly #commit: (messages: readonly RecordMessage[]) => Promise<Committed>;
  readonly #onCommitted: (committed: Committed) => void;
  #queue: Entry[] = [];
  #running: Promise<void> | undefined;

  constructor(
    commit: (messages: readonly RecordMessage[]) => Promise<Committed>,
    onCommitted: (committed: Committed) => void,
  ) {
    this.#commit = commit;
    this.#onCommitted = onCommitted;
  }

  /** Resolves when the messages are committed: why each was refused, or nothing. Rejects when the disk failed. */
  add(messages: readonly RecordMessage[]): Promise<readonly (string | undefined)[]> {
    const waiting: Entry["waiting"] = Promise.withResolvers();
    this.#queue.push({ messages, waiting });
    this.#running ??= this.#run();
    return waiting.promise;
  }

  /** Resolves when nothing is waiting. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // let whoever is about to add in this turn do so
    await Promise.resolve();
    while (this.#queue.length > 0) await this.#commitSome();
    this.#running = undefined;
  }

  async #commitSome(): Promise<void> {
    let taken = 0;
    let messages = 0;
    while (taken < this.#queue.length && messages < mostMessages) {
      messages += this.#queue[taken]?.messages.length ?? 0;
      taken++;
    }
    const group = this.#queue.splice(0, taken);
    let committed: Committed;
    try {
      committed = await this.#commit(group.flatMap((entry) => entry.messages));
    } catch (error) {
      for (const entry of group) entry.waiting.reject(error);
      return;
    }
    let from = 0;
    for (const entry of group) {
      entry.waiting.resolve(committed.refusals.slice(from, from + entry.messages.length));
      from += entry.messages.length;
    }
    this.#onCommitted(committed);
  }
}
