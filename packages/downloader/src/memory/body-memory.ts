import type { Restraint, Volume } from "@brigade/core";
import { ByteBudget, type Share } from "./byte-budget.ts";

/**
 * If there are several volumes, each may hold this part of the memory: a disk that hangs keeps what
 * it has.
 */
const part = 1 / 2;
/** Objects that are begun per request at once: most of them wait for their turn. */
const begun = 4;

/**
 * Memory for bodies on their way to volumes. It bounds the number of objects that are begun, too.
 */
export class BodyMemory {
  readonly #bytes: number;
  readonly #restraint: Restraint;
  readonly #all: ByteBudget;
  /** `undefined` if there is a single volume, which may hold everything. */
  readonly #ofEach: ReadonlyMap<Volume, ByteBudget> | undefined;
  #restrained = 1;

  /** `requests`: returns the number of requests that run at once, at most, at this moment. */
  constructor(bytes: number, requests: () => number, volumes: readonly Volume[], restraint: Restraint) {
    const least = () => bytes / (begun * requests());
    this.#bytes = bytes;
    this.#restraint = restraint;
    this.#all = new ByteBudget(bytes, least);
    const own = (volume: Volume) => [volume, new ByteBudget(bytes * part, least)] as const;
    this.#ofEach = volumes.length > 1 ? new Map(volumes.map(own)) : undefined;
  }

  /** Whether objects wait for memory. */
  get isShort(): boolean {
    return this.#all.isShort || (this.#ofEach?.values().some((own) => own.isShort) ?? false);
  }

  /** Returns the share itself, without a promise, if there is nothing to wait for. */
  acquire(volume: Volume, bytes: number): Share | Promise<Share> {
    if (this.#restraint.part !== this.#restrained) this.#resize(this.#restraint.part);
    const own = this.#ofEach?.get(volume)?.acquire(bytes);
    if (own === undefined) return this.#all.acquire(bytes);
    return own instanceof Promise ? own.then((share) => this.#with(share, bytes)) : this.#with(own, bytes);
  }

  /**
   * Objects that wait for their turn have no files open. While less is done at once, no more
   * objects are begun than there are requests.
   */
  #resize(restrained: number): void {
    this.#restrained = restrained;
    const bytes = restrained < 1 ? (this.#bytes * restrained) / begun : this.#bytes;
    this.#all.resize(bytes);
    for (const own of this.#ofEach?.values() ?? []) own.resize(bytes * part);
  }

  #with(own: Share, bytes: number): Share | Promise<Share> {
    const shared = this.#all.acquire(bytes);
    return shared instanceof Promise ? shared.then((share) => both(own, share)) : both(own, shared);
  }
}

function both(one: Share, other: Share): Share {
  return {
    give: () => {
      one.give();
      other.give();
    },
  };
}
