import {
  aboveFloor,
  type Floor,
  HostError,
  type Log,
  type Reservation,
  type VolumeStanding,
} from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import { type Amount, minus, type SharedRoom } from "./shared-room.ts";
import { VolumeOpening } from "./volume-opening.ts";
import { largeBytes, type Order, VolumeState } from "./volume-state.ts";

export interface AccountOptions {
  readonly minFree: Floor;
  readonly minFreeInodes: Floor;
  /** Milliseconds, of a clock that never steps. */
  readonly now: () => number;
}

/** Older figures are not used: the disk hangs. Milliseconds. */
const staleMs = 10_000;
/**
 * A volume that has not answered for this long is used only if no other takes the batch.
 * Milliseconds.
 */
const hesitationMs = 3_000;
/** A disk that nobody asks is asked again after this long, to see whether it is there. Milliseconds. */
const idleMs = 5_000;
/**
 * Batches that a volume may hold, whatever part of all they are; beyond, it holds this part at
 * most, if others take more.
 */
const fewBatches = 8;
const largestPart = 3 / 4;

export interface AccountNeeds {
  /** Returns what the volumes of a file system share. */
  readonly sharedBy: (fileSystem: string) => SharedRoom;
  /** Unix milliseconds. */
  readonly date: () => number;
  readonly log: Log;
  /** Called when something else may fit than before. */
  readonly onChange: () => void;
}

/** What one volume has, what of it is promised, and whether it can be used. */
export class VolumeAccount {
  readonly volume: LocalVolume;
  readonly #options: AccountOptions;
  readonly #needs: AccountNeeds;
  #askedAt = Number.NEGATIVE_INFINITY;
  #knownAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | undefined;
  readonly #state: VolumeState;
  readonly #opening: VolumeOpening;
  /** Of its file system, which may be another after it was opened again. */
  #shared: SharedRoom;
  /** Reservations that are not released, and when one of them last went on. */
  #batches = 0;
  #turn = 0;
  #wentOnAt = Number.NEGATIVE_INFINITY;

  constructor(volume: LocalVolume, options: AccountOptions, needs: AccountNeeds) {
    this.volume = volume;
    this.#options = options;
    this.#needs = needs;
    this.#state = new VolumeState({ ...needs, label: volume.label, now: options.now });
    this.#shared = needs.sharedBy(volume.fileSystem);
    this.#opening = new VolumeOpening({
      volume,
      state: this.#state,
      now: options.now,
      onChange: () => {
        this.#shared = needs.sharedBy(volume.fileSystem);
        this.#askedAt = Number.NEGATIVE_INFINITY;
        needs.onChange();
      },
    });
  }

  /** How the volume is, for people. */
  get standing(): VolumeStanding {
    return this.#state.standing;
  }

  /** What the volumes of its file system share. */
  get shared(): SharedRoom {
    return this.#shared;
  }

  /** Bytes above the floor of its file system, promised or not; `undefined` if it cannot be used. */
  get usableBytes(): number | undefined {
    return this.#state.hasFailed || this.#state.order !== undefined ? undefined : this.#above.bytes;
  }

  /** `undefined`: what was ordered holds no longer. */
  obey(order: Order | undefined): void {
    this.#state.obey(order);
  }

  /**
   * Looks how the disk is. What failed is opened again, what is to be ejected is closed when nothing
   * is in hand there. To be called every second or so.
   */
  async look(): Promise<void> {
    if (!this.#opening.isAtWork(this.#batches)) this.refreshIfOlder(idleMs);
    else await this.#opening.look(this.#batches);
  }

  /** The answer that is waited for. Never rejects. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Above the floor, and not promised. */
  get free(): Amount {
    return this.#shared.freeOf(this.#above);
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

  /** When it got its latest batch, counted in batches of all volumes. */
  get latestTurn(): number {
    return this.#turn;
  }

  /** Whether others are to be used before it: it may hang. */
  get isSlow(): boolean {
    const now = this.#options.now();
    if (this.#pending !== undefined && now - this.#askedAt > hesitationMs) return true;
    return this.#batches >= fewBatches && now - this.#wentOnAt > hesitationMs;
  }

  /**
   * Whether others are to be used before it: it may hang, or would hold most of what is in hand.
   * `allBatches`: on all volumes.
   */
  isBusy(allBatches: number): boolean {
    return this.isSlow || (this.#batches >= fewBatches && this.#batches > allBatches * largestPart);
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
    const { room } = this.#shared;
    return this.#state.accepts(wanted.bytes) && (room === undefined || fits(wanted, this.#above));
  }

  /** Whether it would accept this if nothing else lay on its disk. */
  couldHold(wanted: Amount): boolean {
    const { room } = this.#shared;
    if (room === undefined || !this.#state.mayHold(wanted.bytes)) return false;
    const { minFree: bytes, minFreeInodes: inodes } = this.#options;
    const empty = { ...room, bytes: room.totalBytes, inodes: room.totalInodes };
    return fits(wanted, aboveFloor(empty, { bytes, inodes }));
  }

  /** `turn`: the number of batches that were placed before, on all volumes. */
  reserve(wanted: Amount, turn: number): Reservation {
    const { onChange } = this.#needs;
    const shared = this.#shared;
    this.#turn = turn;
    shared.reserve(wanted);
    if (this.#batches === 0) this.#wentOnAt = this.#options.now();
    this.#batches += 1;
    let held = wanted;
    let isHeld = true;
    const give = (amount: Amount) => {
      this.#wentOnAt = this.#options.now();
      held = minus(held, amount);
      shared.spend(amount);
    };
    return {
      volume: this.volume,
      spend: (bytes) => give({ bytes: Math.min(bytes, held.bytes), inodes: 0 }),
      release: () => {
        give(held);
        if (isHeld) this.#batches -= 1;
        isHeld = false;
        onChange();
      },
    };
  }

  /** `bytes`: of the object that could not be stored. */
  failed(error: HostError, bytes = 0): void {
    this.#state.failed(error, bytes, this.#shared.room);
  }

  refreshIfOlder(ms: number): void {
    const { now } = this.#options;
    if (this.#pending || !this.volume.isOpen || now() - this.#askedAt < ms) return;
    if (this.#state.hasFailed) return;
    this.#askedAt = now();
    const answer = this.#shared.ask();
    this.#pending = this.volume.room().then(
      (room) => {
        this.#pending = undefined;
        this.#knownAt = now();
        answer(room);
        this.#state.answered(room, this.#above);
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
    const { room } = this.#shared;
    const { minFree, minFreeInodes } = this.#options;
    if (room === undefined) return { bytes: 0, inodes: 0 };
    return aboveFloor(room, { bytes: minFree, inodes: minFreeInodes });
  }
}

function fits(wanted: Amount, free: Amount): boolean {
  return free.bytes >= wanted.bytes && free.inodes >= wanted.inodes;
}
