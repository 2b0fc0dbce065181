import type { DirectAnswer, StoredObject } from "@brigade/core";
import { type Acceptance, acceptanceOf, isSoftError, isTrouble } from "@brigade/sources/thread";
import {
  BodyHash,
  type Came,
  type FetchCommand,
  type FetchCounts,
  type Fetcher,
  type FetcherNeeds,
  Slots,
} from "@brigade/volumes/thread";
import { Item, type ItemOwner, LongAnswer } from "./item.ts";
import { SourceRequests } from "./source-requests.ts";

/** Bodies that are hashed together cost less from this number on. */
const worthHashing = 16;
/** Milliseconds that a body waits for others to be hashed with: with a timer's own delay, two. */
const hashedWithin = 1;
/** Milliseconds between looks at connections over which nothing comes. */
const lookEvery = 500;
/** Bodies in memory at once, at most, with those that connections read. */
const slotCount = 1024;

/** Fetches what comes as it was listed, in the thread that writes it. */
export class ThreadFetcher implements Fetcher, ItemOwner {
  readonly #needs: FetcherNeeds;
  readonly #slots = new Slots(slotCount);
  readonly #bytes = new Uint8Array(this.#slots.memory.buffer);
  readonly #bodyHash = new BodyHash(this.#slots.memory);
  readonly #sources = new Map<string, SourceRequests>();
  #whole: Item[] = [];
  #hashTimer: NodeJS.Timeout | undefined;
  #willHash = false;
  #willFlush = false;

  constructor(needs: FetcherNeeds) {
    this.#needs = needs;
    setInterval(() => this.#look(), lookEvery).unref();
  }

  get counts(): readonly FetchCounts[] {
    return this.#sources.size === 0 ? [] : Array.from(this.#sources.values(), ({ counts }) => counts);
  }

  get isWaitingForServer(): boolean {
    if (this.#whole.length > 0) return false;
    const sources = [...this.#sources.values()];
    return sources.some(({ hasWork }) => hasWork) && !sources.some(({ isStoring }) => isStoring);
  }

  get #isSending(): boolean {
    for (const { sent } of this.#sources.values()) if (sent.size > 0) return true;
    return false;
  }

  fetch(command: FetchCommand): void {
    this.#of(command.of.source).add(command);
  }

  places(source: string, most: number): void {
    this.#of(source).setPlaces(most);
  }

  stop(source?: string): void {
    for (const requests of this.#sources.values()) {
      if (source !== undefined && requests.source !== source) continue;
      for (const item of requests.stop()) this.#came(item, {});
    }
    this.#flushSoon();
  }

  readonly #itemOf = (command: FetchCommand, at: number): Item => {
    const { keys, sizes, modified, etags } = command.objects;
    const key = keys[at] ?? "";
    const wanted = { key, size: sizes[at] ?? 0, modified: modified[at] ?? 0, etag: etags[at] };
    return new Item(command, at, wanted, this);
  };

  #of(source: string): SourceRequests {
    let requests = this.#sources.get(source);
    if (requests === undefined) {
      requests = new SourceRequests(source, this.#slots, this.#itemOf);
      this.#sources.set(source, requests);
    }
    return requests;
  }

  #requestsOf({ command }: Item): SourceRequests {
    return this.#of(command.of.source);
  }

  acceptanceOf(
    item: Item,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): Acceptance | undefined {
    this.#requestsOf(item).answered(item);
    return acceptanceOf(item.command.server.adapter, { status, headers }, item.object);
  }

  addressOf(chunk: Uint8Array, size: number): number | undefined {
    return this.#slots.hasRoom(chunk, size) ? chunk.byteOffset : undefined;
  }

  write(address: number, chunk: Uint8Array): void {
    this.#bytes.set(chunk, address);
  }

  whole(item: Item): void {
    const requests = this.#requestsOf(item);
    requests.ended(item);
    requests.arrived(item.object.size);
    const { bodyAt } = item;
    if (item.acceptance?.mayBePage === true) {
      const first = this.#bytes.subarray(bodyAt, bodyAt + Math.min(512, item.object.size));
      if (isSoftError(first, item.object.key)) {
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
    if (!this.#isSending) this.#hash();
    else this.#hashTimer ??= setTimeout(() => this.#hash(), hashedWithin);
  };

  #hash(): void {
    clearTimeout(this.#hashTimer);
    this.#hashTimer = undefined;
    const whole = this.#whole;
    this.#whole = [];
    const bodies = whole.map(({ bodyAt, object }) => ({ offset: bodyAt, length: object.size }));
    const md5s = this.#bodyHash.md5s(bodies);
    for (const [index, item] of whole.entries()) this.#put(item, md5s[index]);
  }

  #put(item: Item, md5: string | undefined): void {
    const { bodyAt, object } = item;
    const bytes = this.#bytes.subarray(bodyAt, bodyAt + object.size);
    this.#requestsOf(item).storing();
    try {
      this.#needs.put(item.newObject, { bytes, md5 }, item, item.free);
    } catch (error) {
      this.freed(item);
      item.reject(error);
    }
  }

  answered(item: Item, answer: DirectAnswer): void {
    if (isTrouble(answer.status)) this.stop(item.command.of.source);
    this.#requestsOf(item).ended(item);
    this.#dropped(item, { answer });
  }

  failed(item: Item, error: Error & { code?: string }): void {
    const { name, code, message } = error;
    const isOdd = error instanceof LongAnswer;
    if (!isOdd) this.stop(item.command.of.source);
    if (name === "NotPlain") this.#requestsOf(item).retire();
    this.#requestsOf(item).ended(item);
    if (error instanceof NotServed) this.#dropped(item, { isUnserved: true });
    else this.#dropped(item, isOdd ? {} : { fault: { name, code, message } });
  }

  freed(item: Item): void {
    this.#giveBack(item);
    for (const requests of this.#sources.values()) requests.fill();
  }

  #giveBack(item: Item): void {
    if (item.slot === undefined) return;
    this.#slots.giveBack(item.slot);
    item.slot = undefined;
  }

  /** The commit answers for a group, and flushes after it. */
  stored(item: Item, stored: StoredObject): void {
    this.#requestsOf(item).stored();
    this.#needs.stored(item.command.id, item.at, stored);
  }

  notStored(item: Item, error: unknown): void {
    this.#requestsOf(item).stored();
    this.#needs.failed(item.command.id, item.at, error, item.object.key);
    this.#flushSoon();
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

  /** Some servers accept more connections than they serve: the usual way finds out their number. */
  #look(): void {
    for (const requests of this.#sources.values()) {
      const unserved = requests.unserved();
      if (unserved.length === 0) continue;
      this.stop(requests.source);
      requests.retire();
      for (const item of unserved) item.abort(new NotServed());
    }
  }
}

/** A connection is not served. */
class NotServed extends Error {
  override readonly name = "NotServed";

  constructor() {
    super("the server does not serve this connection, while it serves others");
  }
}
