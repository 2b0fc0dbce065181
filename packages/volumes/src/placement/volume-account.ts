import {
  aboveFloor,
  type Delayer,
  type Floor,
  HostError,
  type LocalRoom,
  type Log,
  type Reservation,
} from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import { largeBytes, VolumeState } from "./volume-state.ts";

export interface PlacementOptions {
  readonly minFree: Floor;
  readonly minFreeInodes: Floor;
  /** Milliseconds, of a clock that never steps. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

export interface Amount {
  readonly bytes: number;
  readonly inodes: number;
}

/** Older figures are not used: the disk hangs. Milliseconds. */
const staleMs = 10_000;
/**
 * A volume that has not answered for this long is used only if no other takes the batch.
 * Milliseconds.
 */
const hesitationMs = 3_000;
/**
 * Batches that a volume may hold, whatever part of all they are; beyond, it holds this part at
 * most, if others take more.
 */
const fewBatches = 8;
const largestPart = 3 / 4;

export interface AccountNeeds {
  readonly log: Log;
  /** Called when something else may fit than before. */
  readonly onChange: () => void;
}

/** What one volume has, what of it is promised, and whether it can be used. */
export class VolumeAccount {
  readonly volume: LocalVolume;
  readonly #options: Required<PlacementOptions>;
  readonly #needs: AccountNeeds;
  #room: LocalRoom | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #knownAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  #reserved: Amount = none;
  /** Released since `#room` was asked for: maybe not in its figures yet. */
  #spent: Amount = none;
  readonly #state: VolumeState;
  /** Reservations that are not released, and when one of them last went on. */
  #batches = 0;
  #wentOnAt = Number.NEGATIVE_INFINITY;

  constructor(volume: LocalVolume, options: Required<PlacementOptions>, needs: AccountNeeds) {
    this.volume = volume;
    this.#options = options;
    this.#needs = needs;
    this.#state = new VolumeState({ ...needs, label: volume.label, now: options.now });
  }

  /** The answer that is waited for. Never rejects. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Above the floor, and not promised. */
  get free(): Amount {
    return minus(minus(this.#above, this.#reserved), this.#spent);
  }

  /** Why nothing can be stored there; `undefined` where at most its room is used up. */
  get reason(): string | undefined {
    return this.#state.reason;
  }

  /** Its error when it was full, although its file system reports room: a quota, most likely. */
  get fullReason(): string | undefined {
    return this.#above.bytes > largeBytes ? this.#state.fullReason : undefined;
  }

  get batches(): number {
    return this.#batches;
  }

  /**
   * Whether others are to be used before it: it may hang, and must not hold all that is in hand.
   * `allBatches`: on all volumes.
   */
  isBusy(allBatches: number): boolean {
    const now = this.#options.now();
    if (this.#pending !== undefined && now - this.#askedAt > hesitationMs) return true;
    if (this.#batches < fewBatches) return false;
    return this.#batches > allBatches * largestPart || now - this.#wentOnAt > hesitationMs;
  }

  accepts(wanted: Amount): boolean {
    if (this.#options.now() - this.#knownAt > staleMs) return false;
    return this.#state.accepts(wanted.bytes) && fits(wanted, this.free);
  }

  /**
   * Whether it may accept this later: promises of room may be given back, a silent disk may answer.
   */
  mayAccept(wanted: Amount): boolean {
    if (!this.#state.isOpen) return this.#state.mayReopen(this.#batches > 0);
    return this.#state.accepts(wanted.bytes) && (this.#room === undefined || fits(wanted, this.#above));
  }

  reserve(wanted: Amount): Reservation {
    this.#reserved = plus(this.#reserved, wanted);
    if (this.#batches === 0) this.#wentOnAt = this.#options.now();
    this.#batches += 1;
    let held = wanted;
    let isHeld = true;
    const give = (amount: Amount) => {
      this.#wentOnAt = this.#options.now();
      held = minus(held, amount);
      this.#reserved = minus(this.#reserved, amount);
      this.#spent = plus(this.#spent, amount);
    };
    return {
      volume: this.volume,
      spend: (bytes) => give({ bytes: Math.min(bytes, held.bytes), inodes: 0 }),
      release: () => {
        give(held);
        if (isHeld) this.#batches -= 1;
        isHeld = false;
        this.#needs.onChange();
      },
    };
  }

  /** `bytes`: of the object that could not be stored. */
  failed(error: HostError, bytes = 0): void {
    this.#state.failed(error, bytes, this.#room);
  }

  refreshIfOlder(ms: number): void {
    const { now } = this.#options;
    if (this.#pending || this.#state.hasFailed || now() - this.#askedAt < ms) return;
    this.#askedAt = now();
    // What is released from now on may be missing in the answer.
    const before = this.#spent;
    this.#pending = this.volume.room().then(
      (room) => {
        this.#pending = undefined;
        this.#room = room;
        this.#knownAt = now();
        this.#spent = minus(this.#spent, before);
        this.#state.answered(room);
      },
      (error: unknown) => {
        this.#pending = undefined;
        this.failed(
          error instanceof HostError ? error : new HostError("io", String(error), { cause: error }),
        );
      },
    );
  }

  /** Above the floor, promised or not. */
  get #above(): Amount {
    if (this.#room === undefined) return none;
    const { minFree, minFreeInodes } = this.#options;
    return aboveFloor(this.#room, { bytes: minFree, inodes: minFreeInodes });
  }
}

const none: Amount = { bytes: 0, inodes: 0 };

function plus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes + other.bytes, inodes: one.inodes + other.inodes };
}

function minus(one: Amount, other: Amount): Amount {
  return { bytes: one.bytes - other.bytes, inodes: one.inodes - other.inodes };
}

function fits(wanted: Amount, free: Amount): boolean {
  return free.bytes >= wanted.bytes && free.inodes >= wanted.inodes;
}
