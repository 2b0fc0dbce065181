import type { DirectAnswer, DirectServer, StoredObject } from "@brigade/core";
import { type Acceptance, acceptanceOf, isPageInPlaceOf, isTrouble } from "@brigade/sources/thread";
import type { Came, FetchCommand, FetchCounts, Fetcher, FetcherNeeds } from "@brigade/volumes/thread";
import { Item, type ItemOwner } from "./item.ts";
import { ServerPool } from "./server-pool.ts";
import { Slots } from "./slots.ts";

/** Bodies that are hashed together cost less from this number on. */
const worthHashing = 16;
/** Milliseconds that a body waits for others to be hashed with: with a timer's own delay, two. */
const hashedWithin = 1;
/** Milliseconds between looks at connections over which nothing comes. */
const lookEvery = 500;
/**
 * A request over a new connection is not served when others were answered meanwhile, and it has
 * waited for this number of milliseconds, and for four times the longest wait of others.
 */
const unservedAfter = 2_000;
const unservedTimes = 4;

interface Queued {
  readonly item: Item;
  readonly pool: ServerPool;
}

/** Fetches what comes as it was listed, in the thread that writes it. */
export class ThreadFetcher implements Fetcher, ItemOwner {
  readonly #needs: FetcherNeeds;
  readonly #slots = new Slots();
  readonly #pools = new Map<string, ServerPool>();
  #queue: Queued[] = [];
  /** The place of the first item in the queue. */
  #next = 0;
  #places = 1;
  readonly #sent = new Set<Item>();
  #whole: Item[] = [];
  #storing = 0;
  #hashTimer: NodeJS.Timeout | undefined;
  #willHash = false;
  #willFlush = false;
  /** When the latest answer came. Monotonic milliseconds, as the longest wait for one. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #longestWait = 0;
  #arrived = 0;
  #bytes = 0;

  constructor(needs: FetcherNeeds) {
    this.#needs = needs;
    setInterval(() => this.#look(), lookEvery).unref();
  }

  get counts(): FetchCounts {
    return { running: this.#sent.size, arrived: this.#arrived, bytes: this.#bytes };
  }

  get isWaitingForServer(): boolean {
    return this.#sent.size > 0 && this.#storing === 0 && this.#whole.length === 0;
  }

  fetch(command: FetchCommand): void {
    this.#places = command.places;
    const { keys, sizes, modified, etags } = command.objects;
    const pool = this.#poolOf(command.server);
    for (const [at, key] of keys.entries()) {
      const wanted = { key, size: sizes[at] ?? 0, modified: modified[at] ?? 0, etag: etags[at] };
      this.#queue.push({ item: new Item(command, at, wanted, this), pool });
    }
    this.#fill();
  }

  places(most: number): void {
    this.#places = most;
    this.#fill();
  }

  stop(id?: number): void {
    const queued = this.#queue.slice(this.#next);
    this.#queue = [];
    this.#next = 0;
    for (const one of queued) {
      if (id === undefined || one.item.command.id === id) this.#came(one.item, {});
      else this.#queue.push(one);
    }
    this.#flushSoon();
  }

  #fill(): void {
    while (this.#sent.size < this.#places) {
      const next = this.#queue[this.#next];
      if (next === undefined) break;
      this.#next++;
      const { item, pool } = next;
      item.sentAt = performance.now();
      this.#sent.add(item);
      pool.send(item);
    }
    if (this.#next < this.#queue.length || this.#next === 0) return;
    this.#queue = [];
    this.#next = 0;
  }

  #poolOf(server: DirectServer): ServerPool {
    const key = `${server.adapter} ${server.origin} ${server.headers.join("\n")}`;
    let pool = this.#pools.get(key);
    if (pool === undefined) {
      pool = new ServerPool(server);
      this.#pools.set(key, pool);
    }
    return pool;
  }

  acceptanceOf(
    item: Item,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): Acceptance | undefined {
    this.#answeredAt = performance.now();
    this.#longestWait = Math.max(this.#longestWait, this.#answeredAt - item.sentAt);
    return acceptanceOf(item.command.server.adapter, { status, headers }, item.object);
  }

  takeSlot(): number | undefined {
    return this.#slots.take();
  }

  write(offset: number, chunk: Uint8Array): void {
    this.#slots.bytes.set(chunk, offset);
  }

  whole(item: Item): void {
    this.#ended(item);
    this.#arrived++;
    this.#bytes += item.object.size;
    const { slot } = item;
    if (slot !== undefined && item.acceptance?.mayBePage === true) {
      const first = this.#slots.bytes.subarray(slot, slot + Math.min(512, item.object.size));
      if (isPageInPlaceOf(first, item.object.key)) {
        this.#dropped(item, {});
        return;
      }
    }
    this.#whole.push(item);
    if (this.#whole.length >= worthHashing) this.#hash();
    else if (!this.#willHash) {
      this.#willHash = true;
      setImmediate(this.#hashSoon);
    }
  }

  /** After all that came in this turn. */
  readonly #hashSoon = (): void => {
    this.#willHash = false;
    if (this.#whole.length === 0) return;
    if (this.#sent.size === 0) this.#hash();
    else this.#hashTimer ??= setTimeout(() => this.#hash(), hashedWithin);
  };

  #hash(): void {
    clearTimeout(this.#hashTimer);
    this.#hashTimer = undefined;
    const whole = this.#whole;
    this.#whole = [];
    const bodies = whole.map(({ slot = 0, object }) => ({ offset: slot, length: object.size }));
    const md5s = this.#slots.md5s(bodies);
    for (const [index, item] of whole.entries()) this.#put(item, md5s[index]);
  }

  #put(item: Item, md5: string | undefined): void {
    const { slot = 0, object } = item;
    const bytes = this.#slots.bytes.subarray(slot, slot + object.size);
    this.#storing++;
    try {
      this.#needs.put(item.newObject, { bytes, md5 }, item, item.free);
    } catch (error) {
      this.freed(item);
      item.reject(error);
      this.#flushSoon();
    }
  }

  answered(item: Item, answer: DirectAnswer): void {
    if (isTrouble(answer.status)) this.stop();
    this.#ended(item);
    this.#came(item, { answer });
    this.#flushSoon();
  }

  failed(item: Item, error: Error & { code?: string }): void {
    this.stop();
    this.#ended(item);
    const { name, code, message } = error;
    if (error instanceof NotServed)
      this.#dropped(item, item.served === undefined ? {} : { served: item.served });
    else this.#dropped(item, { fault: { name, code, message } });
  }

  freed(item: Item): void {
    if (item.slot === undefined) return;
    this.#slots.giveBack(item.slot);
    item.slot = undefined;
  }

  /** The commit answers for a group, and flushes after it. */
  stored(item: Item, stored: StoredObject): void {
    this.#storing--;
    this.#needs.stored(item.command.id, item.at, stored);
  }

  notStored(item: Item, error: unknown): void {
    this.#storing--;
    this.#needs.failed(item.command.id, item.at, error, item.object.key);
  }

  #ended(item: Item): void {
    if (this.#sent.delete(item)) this.#fill();
  }

  #dropped(item: Item, came: Omit<Came, "at">): void {
    this.freed(item);
    this.#came(item, came);
    this.#flushSoon();
  }

  #came(item: Item, came: Omit<Came, "at">): void {
    this.#needs.came(item.command.id, { at: item.at, ...came });
  }

  #flushSoon(): void {
    if (this.#willFlush) return;
    this.#willFlush = true;
    setImmediate(() => {
      this.#willFlush = false;
      this.#needs.flush();
    });
  }

  /** Some servers accept more connections than they serve: the usual way finds their number. */
  #look(): void {
    if (this.#sent.size === 0) return;
    for (const pool of this.#pools.values()) pool.look();
    const patience = Math.max(unservedAfter, unservedTimes * this.#longestWait);
    const before = Math.min(performance.now() - patience, this.#answeredAt);
    const unserved = [...this.#sent].filter((item) => item.isUnserved && item.sentAt < before);
    if (unserved.length === 0) return;
    this.stop();
    const pools = new Map(unserved.map((item) => [this.#poolOf(item.command.server), item]));
    for (const [pool, item] of pools) {
      item.served = pool.served;
      pool.retire();
    }
    for (const item of unserved) item.abort(new NotServed());
  }
}

/** A connection is not served. */
class NotServed extends Error {
  override readonly name = "NotServed";

  constructor() {
    super("the server does not serve this connection, while it serves others");
  }
}
