import { Worker } from "node:worker_threads";
import { decodeError } from "@brigade/core";
import type {
  HandedOut,
  Note,
  Outcome,
  Post,
  Question,
  Questions,
  Request,
  Settlement,
  StoreOptions,
} from "./protocol.ts";

export interface LinkEvents {
  handedOut(message: HandedOut): void;
  /** Unix milliseconds. */
  nextDue(due: number | undefined): void;
  /**
   * The thread has ended or failed; nothing is answered any more. Not called after `close` or
   * `abandon`.
   */
  broken(error: Error): void;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The main thread's end of the store's thread. */
export class StoreLink {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  #outbox: Request[] = [];
  #lastTicket = 0;
  #events: LinkEvents | undefined;
  #lost: Error | undefined;
  /** Set by `close`: the end of the thread is expected then. */
  #leaving = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("message", (post: Post) => this.#receive(post));
    worker.on("error", (error) => this.#break(error));
    worker.on("exit", () => this.#break(new Error("the queue database's thread has ended")));
  }

  /** Starts the thread. Throws FatalError or HostError if the database cannot be used. */
  static async open(options: StoreOptions) {
    const worker = new Worker(new URL("./store-thread.ts", import.meta.url), {
      name: "queues",
      workerData: options,
    });
    const opened = await new Promise<Extract<Post, { kind: "opened" }>>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", () => reject(new Error("the queue database's thread has ended")));
      worker.once("message", (post: Post) => {
        if (post.kind === "opened") resolve(post);
        else if (post.kind === "trouble") reject(decodeError(post.error));
      });
    });
    for (const event of ["error", "exit"]) worker.removeAllListeners(event);
    return { link: new StoreLink(worker), opened };
  }

  /** To be called before anything is asked. */
  listen(events: LinkEvents): void {
    this.#events = events;
  }

  /** Why nothing is answered any more; `undefined` if it is. */
  get lost(): Error | undefined {
    return this.#lost;
  }

  settle(settlement: Settlement): void {
    this.#send(settlement);
  }

  /** Of what is held. */
  note(note: Note): void {
    this.#send(note);
  }

  /** Rejects when the link is lost before the answer. */
  async ask<K extends keyof Questions>(kind: K, ask: Questions[K]["ask"]): Promise<Questions[K]["answer"]> {
    if (this.#lost) throw this.#lost;
    const ticket = ++this.#lastTicket;
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(ticket, { resolve, reject }));
    // The compiler does not see that all members of Question are made of these two.
    this.#send({ kind, ticket, ...ask } as Question);
    return (await answer) as Questions[K]["answer"];
  }

  /**
   * What was sent before is done first. `reason`: what questions reject with that the thread could
   * not answer.
   */
  async close(reason: Error): Promise<void> {
    this.#leaving = true;
    if (!this.#lost) await this.ask("close", {}).catch(() => undefined);
    this.#lose(reason);
    await this.#worker.terminate();
  }

  /** Behaves as if the process had died here; for tests. */
  async abandon(reason: Error): Promise<void> {
    this.#leaving = true;
    this.#lose(reason);
    await this.#worker.terminate();
  }

  #send(request: Request): void {
    if (this.#lost) return;
    if (this.#outbox.length === 0) setImmediate(() => this.#flush());
    this.#outbox.push(request);
  }

  /** Sends one post for all that came in one turn of the event loop. */
  #flush(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    if (!this.#lost) this.#worker.postMessage(requests);
  }

  #receive(post: Post): void {
    if (this.#lost) return;
    switch (post.kind) {
      case "outcome":
        this.#resolveOutcome(post);
        break;
      case "trouble":
        this.#break(decodeError(post.error));
        break;
      case "opened":
    }
  }

  #resolveOutcome({ answers, handedOut, nextDue }: Outcome): void {
    for (const { ticket, value } of answers) {
      this.#asked.get(ticket)?.resolve(value);
      this.#asked.delete(ticket);
    }
    for (const message of handedOut) this.#events?.handedOut(message);
    this.#events?.nextDue(nextDue);
  }

  #break(error: Error): void {
    if (this.#lost) return;
    this.#lose(error);
    if (!this.#leaving) this.#events?.broken(error);
  }

  #lose(reason: Error): void {
    this.#lost ??= reason;
    for (const { reject } of this.#asked.values()) reject(reason);
    this.#asked.clear();
  }
}
