import { Consumers } from "./consumers.ts";
import type { Answer, HandedOut, Outcome, Question, Request, Settlement } from "./protocol.ts";
import { isSettlement } from "./protocol.ts";
import type { Database } from "./schema.ts";
import { Store } from "./store.ts";

/**
 * Acts on requests, many in one transaction, and hands out messages. Throws what SQLite throws;
 * nothing of the batch has happened then.
 */
export class Session {
  readonly #db: Database;
  readonly #store: Store;
  readonly #consumers = new Consumers();

  constructor(db: Database) {
    this.#db = db;
    this.#store = new Store(db);
  }

  /**
   * After the death of a process: what was handed out by it is ready again, and counts as a lost
   * delivery.
   */
  recover(): { ready: number; redelivered: number } {
    const redelivered = this.#transaction(() => this.#store.releaseAll(true));
    return { ready: this.#store.waiting(), redelivered };
  }

  commit(requests: readonly Request[]): Outcome {
    const answers: Answer[] = [];
    let handedOut: HandedOut[] = [];
    this.#transaction(() => {
      for (const request of requests) {
        if (isSettlement(request)) this.#settle(request);
        else if (request.kind === "aside") this.#consumers.standAside(request.id);
        else if (request.kind === "absolve") this.#store.absolve();
        else answers.push({ ticket: request.ticket, value: this.#answer(request) });
      }
      handedOut = this.#consumers.handOut(this.#store);
    });
    return { kind: "outcome", answers, handedOut, nextDue: this.#store.nextDue() };
  }

  /** Gives back what is held, uncounted, and returns the disk space of an empty database. */
  close(): void {
    try {
      this.#transaction(() => this.#store.releaseAll(false));
      if (this.#store.isEmpty()) this.#db.exec("VACUUM");
    } finally {
      this.#db.close();
    }
  }

  #settle(settlement: Settlement): void {
    this.#consumers.settled(settlement.id);
    switch (settlement.kind) {
      case "ack":
        this.#store.ack(settlement.id);
        break;
      case "retry":
        this.#store.retry(settlement.id, settlement.entries);
        break;
      case "release":
        this.#store.release(settlement.id, settlement.due);
        break;
      case "reject":
        this.#store.reject(settlement.id, settlement.reason, settlement.at);
        break;
    }
  }

  #answer(question: Question): unknown {
    const store = this.#store;
    switch (question.kind) {
      case "publish":
        for (const entry of question.entries) store.append(entry);
        return undefined;
      case "consume":
        return this.#consumers.add({
          id: question.consumer,
          queue: store.queue(question.source, question.queue),
          prefetch: question.prefetch,
          isFirst: question.isFirst,
        });
      case "pause":
        return this.#consumers.pause(question.consumer, true);
      case "resume":
        return this.#consumers.pause(question.consumer, false);
      case "cancel":
        return this.#consumers.remove(question.consumer);
      case "prefetch":
        return this.#consumers.setPrefetch(question.consumer, question.prefetch);
      case "wake":
        return store.wake(question.now);
      case "depth":
        return store.depth(question.source, question.queue);
      case "busy":
        return store.busy(question.source);
      case "deadLetters":
        return store.deadLetters(question.source, question.limit);
      case "purge":
        return store.purge(question.source);
      case "sync":
      case "close":
        return undefined;
    }
  }

  #transaction<T>(steps: () => T): T {
    const restoreStore = this.#store.save();
    const restoreConsumers = this.#consumers.save();
    try {
      this.#db.exec("BEGIN IMMEDIATE");
      const result = steps();
      this.#db.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite has rolled back by itself after a full disk or an I/O error.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      restoreStore();
      restoreConsumers();
      throw error;
    }
  }
}
