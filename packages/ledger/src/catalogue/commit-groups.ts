import type { RecordMessage } from "../recording/recorder.ts";
import type { Committed } from "../recording/records.ts";

interface Entry {
  readonly messages: readonly RecordMessage[];
  readonly waiting: PromiseWithResolvers<readonly (string | undefined)[]>;
}

/**
 * Entries in one transaction, about. The number bounds its memory, and how long a question waits
 * behind it.
 */
const mostEntries = 4_000;

/**
 * Groups messages for commits: what arrives while a commit is running goes into the next one
 * together.
 */
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

  /**
   * Resolves when the messages are committed. Per message, in order: why it was refused,
   * `undefined` if it was entered. Rejects when the disk failed.
   */
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
    let answer = () => {};
    while (this.#queue.length > 0) {
      const group = this.#nextGroup();
      const committing = this.#commit(group.flatMap((entry) => entry.messages));
      // whoever gets the answers before has work to do: let the next commit run meanwhile
      answer();
      answer = await this.#answerOf(group, committing);
    }
    this.#running = undefined;
    answer();
  }

  #nextGroup(): Entry[] {
    let count = 0;
    let entries = 0;
    while (count < this.#queue.length && entries < mostEntries) {
      entries += entriesOf(this.#queue[count]?.messages ?? []);
      count++;
    }
    return this.#queue.splice(0, count);
  }

  /** Returns a function that reports to the group what became of it. */
  async #answerOf(group: readonly Entry[], committing: Promise<Committed>): Promise<() => void> {
    let committed: Committed;
    try {
      committed = await committing;
    } catch (error) {
      return () => {
        for (const entry of group) entry.waiting.reject(error);
      };
    }
    return () => {
      let from = 0;
      for (const entry of group) {
        entry.waiting.resolve(committed.refusals.slice(from, from + entry.messages.length));
        from += entry.messages.length;
      }
      this.#onCommitted(committed);
    };
  }
}

/**
 * The cost of a message in entries, about: one per object of a result or name of a page, and 10 for
 * the message itself.
 */
function entriesOf(messages: readonly RecordMessage[]): number {
  let entries = 0;
  for (const message of messages) {
    entries += 10;
    if (message.type === "page") entries += message.directories.length;
    else if (message.type === "page-part") entries += message.record.directories.length;
    else for (const { objects } of message.pages) entries += objects.length;
  }
  return entries;
}
