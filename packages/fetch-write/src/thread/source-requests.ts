import type { FetchCommand, FetchCounts } from "@brigade/volumes/thread";
import type { Item } from "./item.ts";
import { ServerPool } from "./server-pool.ts";

/** The requests of one thread to one source: those that wait, and those under way. */
export class SourceRequests {
  readonly source: string;
  readonly sent = new Set<Item>();
  #pool: ServerPool | undefined;
  #queue: Item[] = [];
  /** The place of the first item in the queue. */
  #next = 0;
  #places = 0;
  #arrived = 0;
  #bytes = 0;

  constructor(source: string) {
    this.source = source;
  }

  get counts(): FetchCounts {
    return {
      source: this.source,
      running: this.sent.size,
      arrived: this.#arrived,
      bytes: this.#bytes,
    };
  }

  add(items: readonly Item[], { server, places }: FetchCommand): void {
    this.#pool ??= new ServerPool(server);
    for (const item of items) this.#queue.push(item);
    this.setPlaces(places);
  }

  setPlaces(places: number): void {
    this.#places = places;
    this.#fill();
  }

  arrived(bytes: number): void {
    this.#arrived++;
    this.#bytes += bytes;
  }

  /** The answer to an item has ended. */
  ended(item: Item): void {
    if (this.sent.delete(item)) this.#fill();
  }

  /** Sends no more; returns what was not sent. */
  stop(): readonly Item[] {
    const left = this.#queue.slice(this.#next);
    this.#queue = [];
    this.#next = 0;
    return left;
  }

  /**
   * Returns the items that have waited for `patience` milliseconds over connections over which
   * nothing has come, while others were answered: at `answeredAt` at the latest.
   */
  unserved(patience: number, answeredAt: number): readonly Item[] {
    this.#pool?.look();
    const before = Math.min(performance.now() - patience, answeredAt);
    return [...this.sent].filter((item) => item.isUnserved && item.sentAt < before);
  }

  /** Keeps no connections. Returns the most that were served at once. */
  retire(): number {
    this.#pool?.retire();
    return this.#pool?.served ?? 0;
  }

  #fill(): void {
    const pool = this.#pool;
    while (pool !== undefined && this.sent.size < this.#places) {
      const item = this.#queue[this.#next];
      if (item === undefined) break;
      this.#next++;
      item.sentAt = performance.now();
      this.sent.add(item);
      pool.send(item);
    }
    if (this.#next < this.#queue.length || this.#next === 0) return;
    this.#queue = [];
    this.#next = 0;
  }
}
