import type { FetchCommand, FetchCounts, Slots } from "@brigade/volumes/thread";
import type { Item } from "./item.ts";
import { ServerPool } from "./server-pool.ts";

/**
 * Requests over new connections are not served when others were answered meanwhile, and they have
 * waited for this number of milliseconds, and for four times the longest wait of others.
 */
const unservedAfter = 2_000;
const unservedTimes = 4;
/** A single request may just be slow: it waits this many times as long. */
const aloneTimes = 4;

/** A command of which some objects were not asked for yet. */
interface Begun {
  readonly command: FetchCommand;
  /** The place of the first of them. */
  next: number;
}

/** Makes the item of the object at this place of a command. */
type MakeItem = (command: FetchCommand, at: number) => Item;

/** The requests of one thread to one source: those that wait, and those under way. */
export class SourceRequests {
  readonly source: string;
  readonly sent = new Set<Item>();
  #pool: ServerPool | undefined;
  /** Items are made when they are sent: what lives for a short time costs V8's collector little. */
  #queue: Begun[] = [];
  #places = 0;
  #arrived = 0;
  #bytes = 0;
  #storing = 0;
  /** When the latest answer came. Monotonic milliseconds, as the longest wait for one. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #longestWait = 0;
  /** At the last look: the latest answer, and the items that seemed not to be served. */
  #answeredBefore = Number.NEGATIVE_INFINITY;
  #suspects: ReadonlySet<Item> = new Set();
  #served = 0;
  readonly #slots: Slots;
  readonly #makeItem: MakeItem;

  /** `slots`: the memory for bodies. */
  constructor(source: string, slots: Slots, makeItem: MakeItem) {
    this.source = source;
    this.#slots = slots;
    this.#makeItem = makeItem;
  }

  get hasWork(): boolean {
    return this.sent.size > 0 || this.#queue.length > 0;
  }

  get counts(): FetchCounts {
    return {
      source: this.source,
      running: this.sent.size,
      arrived: this.#arrived,
      bytes: this.#bytes,
      storing: this.#storing,
      served: this.#served,
    };
  }

  add(command: FetchCommand): void {
    if (command.objects.keys.length > 0) this.#queue.push({ command, next: 0 });
    this.setPlaces(command.places);
  }

  setPlaces(places: number): void {
    this.#places = places;
    this.fill();
  }

  /** The head of an answer to this item came. */
  answered(item: Item): void {
    this.#answeredAt = performance.now();
    this.#longestWait = Math.max(this.#longestWait, this.#answeredAt - item.sentAt);
  }

  arrived(bytes: number): void {
    this.#arrived++;
    this.#bytes += bytes;
  }

  get isStoring(): boolean {
    return this.#storing > 0;
  }

  /** The bytes of an object are given to the disk. */
  storing(): void {
    this.#storing++;
  }

  /** The disk has answered for an object. */
  stored(): void {
    this.#storing--;
  }

  /** The answer to an item has ended. */
  ended(item: Item): void {
    if (this.sent.delete(item)) this.fill();
  }

  /** Sends no more; returns what was not sent. */
  stop(): readonly Item[] {
    const left = this.#queue.flatMap(({ command, next }) =>
      command.objects.keys.slice(next).map((_, index) => this.#makeItem(command, next + index)),
    );
    this.#queue = [];
    return left;
  }

  /**
   * To be called at intervals. Returns the items that have waited over connections over which nothing
   * has come, at this look and the one before, while others were answered, or while all that are
   * served have nothing to do. A single one may just be slow, and a server that stands still answers
   * no request at all.
   */
  unserved(): readonly Item[] {
    this.#served = Math.max(this.#served, this.#pool?.served ?? 0);
    const isAnswering = this.#answeredAt > this.#answeredBefore;
    this.#answeredBefore = this.#answeredAt;
    const before = this.#suspects;
    this.#suspects = isAnswering || this.#areServedIdle ? this.#longUnserved : new Set();
    const unserved = [...this.#suspects].filter((item) => before.has(item));
    const isCertain = unserved.length > 1 || unserved.some((item) => this.#isLeftOver(item));
    return isCertain && this.#served > 0 ? unserved : [];
  }

  /** A single one, with nothing else to do for long. */
  #isLeftOver({ sentAt }: Item): boolean {
    return this.#areServedIdle && performance.now() - sentAt > aloneTimes * this.#patience;
  }

  get #patience(): number {
    return Math.max(unservedAfter, unservedTimes * this.#longestWait);
  }

  get #areServedIdle(): boolean {
    return this.sent.values().every(({ isUnserved }) => isUnserved);
  }

  get #longUnserved(): ReadonlySet<Item> {
    const before = Math.min(performance.now() - this.#patience, this.#answeredAt);
    return new Set([...this.sent].filter((item) => item.isUnserved && item.sentAt < before));
  }

  /** Keeps no connections. The next requests are sent over new ones. */
  retire(): void {
    this.#pool?.retire();
    this.#pool = undefined;
  }

  /** Sends requests as long as there are places, and memory for their bodies. */
  fill(): void {
    while (this.sent.size < this.#places) {
      const begun = this.#queue[0];
      const slot = begun && this.#slots.acquire();
      if (begun === undefined || slot === undefined) return;
      const { command } = begun;
      const item = this.#makeItem(command, begun.next++);
      if (begun.next === command.objects.keys.length) this.#queue.shift();
      item.slot = slot;
      item.sentAt = performance.now();
      this.sent.add(item);
      this.#poolOf(command).send(item);
    }
  }

  #poolOf({ server }: FetchCommand): ServerPool {
    this.#pool ??= new ServerPool(server, this.#slots);
    return this.#pool;
  }
}
