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
  readonly #placed: { readonly volumes: readonly Volume[] };
  readonly #least: () => number;
  readonly #ofEach = new Map<Volume, ByteBudget>();
  #restrained = 1;

  /**
   * `requests`: returns the number of requests that run at once, at most, at this moment. `placed`:
   * has the volumes of this moment.
   */
  constructor(
    bytes: number,
    requests: () => number,
    placed: { readonly volumes: readonly Volume[] },
    restraint: Restraint,
  ) {
    this.#bytes = bytes;
    this.#restraint = restraint;
    this.#placed = placed;
    this.#least = () => bytes / (begun * requests());
    this.#all = new ByteBudget(bytes, this.#least);
  }

  /** Whether objects wait for memory. */
  get isShort(): boolean {
    return this.#all.isShort || this.#ofEach.values().some((own) => own.isShort);
  }

  /** Returns the share itself, without a promise, if there is nothing to wait for. */
  acquire(volume: Volume, bytes: number): Share | Promise<Share> {
    if (this.#restraint.part !== this.#restrained) this.#resize(this.#restraint.part);
    const own = this.#budgetOf(volume)?.acquire(bytes);
    if (own === undefined) return this.#all.acquire(bytes);
    return own instanceof Promise ? own.then((share) => this.#with(share, bytes)) : this.#with(own, bytes);
  }

  /**
   * Objects that wait for their turn have no files open. While less is done at once, no more
   * objects are begun than there are requests.
   */
  #resize(restrained: number): void {
    this.#restrained = restrained;
    this.#all.resize(this.#bytesNow);
    for (const own of this.#ofEach.values()) own.resize(this.#bytesNow * part);
  }

  get #bytesNow(): number {
    return this.#restrained < 1 ? (this.#bytes * this.#restrained) / begun : this.#bytes;
  }

  /** `undefined` if the volume has never been beside another: it may hold everything. */
  #budgetOf(volume: Volume): ByteBudget | undefined {
    const known = this.#ofEach.get(volume);
    if (known !== undefined || this.#placed.volumes.length <= 1) return known;
    const own = new ByteBudget(this.#bytes * part, this.#least);
    own.resize(this.#bytesNow * part);
    this.#ofEach.set(volume, own);
    return own;
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
