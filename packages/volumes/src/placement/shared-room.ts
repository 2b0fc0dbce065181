import type { LocalRoom } from "@brigade/core";

export interface Amount {
  readonly bytes: number;
  readonly inodes: number;
}

/**
 * A file takes whole blocks, a bit of its folder and of the manifest: what a reservation adds for
 * each, bytes. (Blocks are 4 KiB nearly everywhere.)
 */
export const perFileBytes = 4096 + 512;
/** The least that can be stored. */
export const least: Amount = { bytes: perFileBytes, inodes: 1 };

/** The room of one file system, and what of it is promised, for all volumes that lie on it. */
export class SharedRoom {
  #room: LocalRoom | undefined;
  #reserved = none;
  /** All that was ever taken, and how much of it the figures of `room` have for sure. */
  #taken = none;
  #seen = none;

  /** As the disk said last; `undefined` before its first answer. */
  get room(): LocalRoom | undefined {
    return this.#room;
  }

  /** Of what is above the floor: what is not promised, and not taken since the figures. */
  freeOf(above: Amount): Amount {
    return minus(minus(above, this.#reserved), minus(this.#taken, this.#seen));
  }

  reserve(amount: Amount): void {
    this.#reserved = plus(this.#reserved, amount);
  }

  /** This part of what was reserved is taken, or given back: the disk's next figures show which. */
  spend(amount: Amount): void {
    this.#reserved = minus(this.#reserved, amount);
    this.#taken = plus(this.#taken, amount);
  }

  /** To be called when the disk is asked. Returns a function that is to be called with its answer. */
  ask(): (room: LocalRoom) => void {
    // What is taken from now on may be missing in the answer.
    const taken = this.#taken;
    return (room) => {
      // Another volume was asked later, and has answered before.
      if (taken.bytes < this.#seen.bytes || taken.inodes < this.#seen.inodes) return;
      this.#seen = taken;
      this.#room = room;
    };
  }
}

const none: Amount = { bytes: 0, inodes: 0 };

function plus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes + other.bytes, inodes: one.inodes + other.inodes };
}

export function minus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes - other.bytes, inodes: one.inodes - other.inodes };
}
