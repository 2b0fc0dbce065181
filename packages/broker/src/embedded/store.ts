// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
import type { SQLOutputValue } from "node:sqlite";
import type { DeadLetter, QueueKind } from "@brigade/core";
import { damagedDatabase, delays } from "@brigade/core/thread";
import type { Busy, Entry, HeldMessage } from "./protocol.ts";
import type { Database } from "./schema.ts";
import { Tallies, type Tally } from "./tally.ts";

const longestDelay = delays[delays.length - 1] ?? 0;

/**
 * The queues as tables. Every method is one step within the caller's transaction; after a rollback
 * call the undo of `save`.
 */
export class Store {
  readonly #db: Database;
  readonly #sql: ReturnType<typeof prepare>;
  readonly #tallies = new Tallies();
  /** Queue ids by source, then kind. */
  #queues = new Map<string, Map<string, number>>();
  #lastId: number;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = prepare(db);
    for (const { id, source, kind } of db.prepare("SELECT id, source, kind FROM queue").all())
      this.#remember(String(source), String(kind), Number(id));
    for (const place of ["ready", "held", "delayed", "dead"] as const)
      for (const { queue, count } of db
        .prepare(`SELECT queue, count(*) AS count FROM ${place} GROUP BY queue`)
        .all())
        this.#tallies.of(Number(queue))[place] = Number(count);
    this.#lastId = Number(db.prepare("SELECT max(id) AS id FROM message").get()?.id ?? 0);
  }

  save(): () => void {
    const restore = this.#tallies.save();
    const queues = new Map([...this.#queues].map(([source, kinds]) => [source, new Map(kinds)]));
    const lastId = this.#lastId;
    return () => {
      restore();
      this.#queues = queues;
      this.#lastId = lastId;
    };
  }

  queue(source: string, kind: QueueKind): number {
    const known = this.#queues.get(source)?.get(kind);
    if (known !== undefined) return known;
    const id = Number(this.#sql.addQueue.run(source, kind).lastInsertRowid);
    this.#remember(source, kind, id);
    return id;
  }

  append({ source, queue: kind, body, due }: Entry): void {
    const queue = this.queue(source, kind);
    const id = ++this.#lastId;
    this.#sql.addMessage.run(id, body);
    if (due === undefined) this.#makeReady(queue, id, 0);
    else this.#delay(due, queue, id, 0);
  }

  /**
   * Offers the oldest ready messages, `limit` at most, and holds each that is accepted. The first
   * that is not ends it. Throws if the tables contradict each other: nothing would ever be handed
   * out.
   */
  hold(queue: number, limit: number, accept: (message: HeldMessage) => boolean): void {
    const tally = this.#tallies.of(queue);
    if (tally.ready === 0 || limit <= 0) return;
    const held: HeldMessage[] = [];
    let isRefused = false;
    for (const row of this.#sql.readReady.iterate(queue, limit)) {
      const message = heldOf(row);
      isRefused = !accept(message);
      if (isRefused) break;
      held.push(message);
    }
    if (!isRefused && held.length < Math.min(limit, tally.ready)) throw damagedDatabase("rows are missing");
    for (const { id, deliveries } of held) {
      this.#sql.dropReady.run(queue, id);
      this.#sql.addHeld.run(id, queue, deliveries);
    }
    tally.ready -= held.length;
    tally.held += held.length;
  }

  /** Does nothing if the message is not held, like all settlements. */
  ack(id: number): void {
    if (this.#unhold(id)) this.#sql.dropMessage.run(id);
  }

  release(id: number, due?: number): void {
    const held = this.#unhold(id);
    if (!held) return;
    this.#sql.markRepeated.run(id);
    if (due === undefined) this.#makeReady(held.queue, id, held.deliveries);
    else this.#delay(due, held.queue, id, held.deliveries);
  }

  retry(id: number, entries: readonly Entry[]): void {
    if (!this.#unhold(id)) return;
    this.#sql.dropMessage.run(id);
    for (const entry of entries) this.append(entry);
  }

  reject(id: number, reason: string, at: number): void {
    const held = this.#unhold(id);
    if (!held) return;
    this.#sql.addDead.run(id, held.queue, reason, at);
    this.#tallies.of(held.queue).dead++;
  }

  /**
   * Also makes ready what is due later than the longest delay: the clock was set back since an
   * earlier process.
   */
  wake(now: number): void {
    for (const row of this.#sql.removeDue.all(now, now + longestDelay)) {
      const queue = Number(row.queue);
      this.#tallies.of(queue).delayed--;
      this.#makeReady(queue, Number(row.id), Number(row.deliveries));
    }
  }

  nextDue(): number | undefined {
    const due = this.#sql.nextDue.get()?.due;
    return typeof due === "number" ? due : undefined;
  }

  /** What is held now does not count as lost when the next process finds it. */
  absolve(): void {
    this.#sql.absolveHeld.run();
  }

  /**
   * Makes all that is held ready again; `counted`: its consumer died. Returns the number of
   * messages.
   */
  releaseAll(counted: boolean): number {
    let released = 0;
    this.#sql.markHeld.run();
    for (const row of this.#sql.removeHeld.all()) {
      const queue = Number(row.queue);
      this.#tallies.of(queue).held--;
      this.#makeReady(queue, Number(row.id), Number(row.deliveries) + (counted ? 1 : 0));
      released++;
    }
    return released;
  }

  depth(source: string, kind: QueueKind): number {
    if (kind === "wait" || kind === "dead")
      return this.#sum(source, (tally) => (kind === "wait" ? tally.delayed : tally.dead));
    const queue = this.#queues.get(source)?.get(kind);
    return queue === undefined ? 0 : this.#tallies.of(queue).ready;
  }

  busy(source: string): Busy {
    return {
      ready: this.#sum(source, ({ ready }) => ready),
      delayed: this.#sum(source, ({ delayed }) => delayed),
      unacked: this.#sum(source, ({ held }) => held),
    };
  }

  /** Returns the number of messages of all sources that are ready or delayed. */
  waiting(): number {
    let waiting = 0;
    for (const source of this.#queues.keys())
      waiting += this.#sum(source, ({ ready, delayed }) => ready + delayed);
    return waiting;
  }

  deadLetters(source: string, limit: number): DeadLetter[] {
    return this.#sql.readDead.all(source, limit).map((row) => ({
      id: String(row.id),
      body: String(row.body),
      reason: String(row.reason),
      at: Number(row.at),
    }));
  }

  /**
   * Removes all that is ready, delayed or dead, not what is held. Returns the number of messages.
   */
  purge(source: string): number {
    let purged = 0;
    for (const queue of this.#queues.get(source)?.values() ?? []) {
      for (const place of ["ready", "delayed", "dead"] as const) {
        this.#db
          .prepare(`DELETE FROM message WHERE id IN (SELECT id FROM ${place} WHERE queue = ?)`)
          .run(queue);
        purged += Number(this.#db.prepare(`DELETE FROM ${place} WHERE queue = ?`).run(queue).changes);
        this.#tallies.of(queue)[place] = 0;
      }
    }
    return purged;
  }

  /** Whether no message is left anywhere. */
  isEmpty(): boolean {
    return this.#sql.anyMessage.get() === undefined;
  }

  #unhold(id: number): { queue: number; deliveries: number } | undefined {
    const row = this.#sql.dropHeld.get(id);
    if (row === undefined) return undefined;
    const queue = Number(row.queue);
    this.#tallies.of(queue).held--;
    return { queue, deliveries: Number(row.deliveries) };
  }

  #makeReady(queue: number, id: number, deliveries: number): void {
    this.#sql.addReady.run(queue, id, Math.max(0, deliveries));
    this.#tallies.of(queue).ready++;
  }

  #delay(due: number, queue: number, id: number, deliveries: number): void {
    this.#sql.addDelayed.run(due, id, queue, Math.max(0, deliveries));
    this.#tallies.of(queue).delayed++;
  }

  #remember(source: string, kind: string, id: number): void {
    const kinds = this.#queues.get(source) ?? new Map<string, number>();
    this.#queues.set(source, kinds.set(kind, id));
  }

  #sum(source: string, part: (tally: Tally) => number): number {
    let sum = 0;
    for (const queue of this.#queues.get(source)?.values() ?? []) sum += part(this.#tallies.of(queue));
    return sum;
  }
}

function heldOf({ id, deliveries, repeated, body }: Record<string, SQLOutputValue>): HeldMessage {
  if (typeof body !== "string") throw damagedDatabase(`the body of message ${id} is missing`);
  return { id: Number(id), deliveries: Number(deliveries), isRepeated: repeated === 1, body };
}

function prepare(db: Database) {
  return {
    addQueue: db.prepare("INSERT INTO queue (source, kind) VALUES (?, ?)"),
    addMessage: db.prepare("INSERT INTO message (id, body) VALUES (?, ?)"),
    markRepeated: db.prepare("UPDATE message SET repeated = 1 WHERE id = ?"),
    markHeld: db.prepare("UPDATE message SET repeated = 1 WHERE id IN (SELECT id FROM held)"),
    dropMessage: db.prepare("DELETE FROM message WHERE id = ?"),
    anyMessage: db.prepare("SELECT id FROM message LIMIT 1"),
    addReady: db.prepare("INSERT INTO ready (queue, id, deliveries) VALUES (?, ?, ?)"),
    readReady: db.prepare(
      "SELECT ready.id, deliveries, repeated, body FROM ready LEFT JOIN message USING (id) WHERE queue = ? ORDER BY ready.id LIMIT ?",
    ),
    dropReady: db.prepare("DELETE FROM ready WHERE queue = ? AND id = ?"),
    addHeld: db.prepare("INSERT INTO held (id, queue, deliveries) VALUES (?, ?, ?)"),
    dropHeld: db.prepare("DELETE FROM held WHERE id = ? RETURNING queue, deliveries"),
    absolveHeld: db.prepare("UPDATE held SET deliveries = deliveries - 1 WHERE deliveries >= 0"),
    removeHeld: db.prepare("DELETE FROM held RETURNING id, queue, deliveries"),
    addDelayed: db.prepare("INSERT INTO delayed (due, id, queue, deliveries) VALUES (?, ?, ?, ?)"),
    removeDue: db.prepare("DELETE FROM delayed WHERE due <= ? OR due > ? RETURNING id, queue, deliveries"),
    nextDue: db.prepare("SELECT min(due) AS due FROM delayed"),
    addDead: db.prepare("INSERT INTO dead (id, queue, reason, at) VALUES (?, ?, ?, ?)"),
    readDead: db.prepare(
      `SELECT dead.id, body, reason, at FROM dead JOIN message USING (id) JOIN queue ON queue.id = dead.queue
       WHERE source = ? ORDER BY dead.id LIMIT ?`,
    ),
  };
}
