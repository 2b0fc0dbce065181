import type { Volume } from "@brigade/core";
import { ByteBudget, type Share } from "./byte-budget.ts";

/** Of several volumes, one may hold this part of the memory: a disk that hangs holds what it has. */
const part = 1 / 2;

/** Memory for bodies on their way to volumes. */
export class BodyMemory {
  readonly #all: ByteBudget;
  /** `undefined` for a single volume, which may hold everything. */
  readonly #ofEach: ReadonlyMap<Volume, ByteBudget> | undefined;

  /** `least`: bytes that every body holds at least. */
  constructor(bytes: number, least: number, volumes: readonly Volume[]) {
    this.#all = new ByteBudget(bytes, least);
    const own = (volume: Volume) => [volume, new ByteBudget(bytes * part, least)] as const;
    this.#ofEach = volumes.length > 1 ? new Map(volumes.map(own)) : undefined;
  }

  /** Nothing to wait for: returns without a promise. */
  take(volume: Volume, bytes: number): Share | Promise<Share> {
    const own = this.#ofEach?.get(volume)?.take(bytes);
    if (own === undefined) return this.#all.take(bytes);
    return own instanceof Promise ? own.then((share) => this.#with(share, bytes)) : this.#with(own, bytes);
  }

  #with(own: Share, bytes: number): Share | Promise<Share> {
    const shared = this.#all.take(bytes);
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
