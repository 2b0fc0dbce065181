import type { Reservation } from "@brigade/core";
import { aboveFloor } from "./floor.ts";
import type { PlacementOptions } from "./placement.ts";
import type { LocalRoom, LocalVolume } from "./room.ts";

export interface Amount {
  readonly bytes: number;
  readonly inodes: number;
}

/** Older figures are not believed: the disk hangs. Milliseconds. */
const staleMs = 10_000;
/** A volume that said `full` is back when so much was freed (its quota, say, may be less than the disk's room). */
const freedBytes = 64 * 1024 * 1024;

/** What one volume has, and what of it is promised. */
export class VolumeAccount {
  readonly volume: LocalVolume;
  readonly #options: Required<PlacementOptions>;
  #room: LocalRoom | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #knownAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  #reserved: Amount = none;
  /** Released since `#room` was asked for: maybe not in its figures yet. */
  #spent: Amount = none;
  #state: "open" | "failed" | { readonly fullAt: LocalRoom | undefined } = "open";

  constructor(volume: LocalVolume, { now = Date.now, ...options }: PlacementOptions) {
    this.volume = volume;
    this.#options = { ...options, now };
  }

  /** The answer that is waited for. Never rejects. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Above the floor, and not promised. */
  get free(): Amount {
    if (this.#room === undefined) return none;
    const { minFree, minFreeInodes } = this.#options;
    const above = aboveFloor(this.#room, { bytes: minFree, inodes: minFreeInodes });
    return minus(minus(above, this.#reserved), this.#spent);
  }

  takes(wanted: Amount): boolean {
    if (this.#state !== "open" || this.#options.now() - this.#knownAt > staleMs) return false;
    const { bytes, inodes } = this.free;
    return bytes >= wanted.bytes && inodes >= wanted.inodes;
  }

  reserve(wanted: Amount): Reservation {
    this.#reserved = plus(this.#reserved, wanted);
    let held = wanted;
    const give = (amount: Amount) => {
      held = minus(held, amount);
      this.#reserved = minus(this.#reserved, amount);
      this.#spent = plus(this.#spent, amount);
    };
    return {
      volume: this.volume,
      spend: (bytes) => give({ bytes: Math.min(bytes, held.bytes), inodes: 0 }),
      release: () => give(held),
    };
  }

  retire(kind: "full" | "io"): void {
    if (kind === "io") this.#state = "failed";
    else if (this.#state !== "failed") this.#state = { fullAt: this.#room };
  }

  refreshIfOlder(ms: number): void {
    if (this.#pending || this.#state === "failed" || this.#options.now() - this.#askedAt < ms) return;
    this.#askedAt = this.#options.now();
    // What is released from now on may be missing in the answer.
    const before = this.#spent;
    this.#pending = this.volume.room().then(
      (room) => {
        this.#pending = undefined;
        this.#room = room;
        this.#knownAt = this.#options.now();
        this.#spent = minus(this.#spent, before);
        if (typeof this.#state === "object" && hasGrown(room, this.#state.fullAt)) this.#state = "open";
      },
      () => {
        // Not even statfs works; `put` tells its caller why.
        this.#pending = undefined;
        this.#state = "failed";
      },
    );
  }
}

const none: Amount = { bytes: 0, inodes: 0 };

function plus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes + other.bytes, inodes: one.inodes + other.inodes };
}

function minus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes - other.bytes, inodes: one.inodes - other.inodes };
}

function hasGrown(now: LocalRoom, then: LocalRoom | undefined): boolean {
  if (then === undefined) return true;
  return (
    now.bytes > then.bytes + Math.min(freedBytes, then.totalBytes / 100) || now.inodes > then.inodes + 1000
  );
}
