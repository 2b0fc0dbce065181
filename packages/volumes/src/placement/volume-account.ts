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

/** Older figures are not believed: the disk hangs. Milliseconds. */
const staleMs = 10_000;
/** A volume that said `full` is back when so much was freed (its quota, say, may be less than the disk's room). */
const freedBytes = 64 * 1024 * 1024;
/**
 * An object of this size that finds the volume full, while the file system says that there is room, may be more than a quota
 * leaves: smaller ones may fit. If a smaller one does not fit, the volume is full. Bytes.
 */
const largeBytes = 16 * 1024 * 1024;
/** What a large object had written goes soon after others found no room for it. Milliseconds. */
const largeEndsMs = 2_000;
/** A volume of which nothing is heard for so long is used only where no other takes the batch. Milliseconds. */
const hesitationMs = 3_000;
/** Batches that a volume may hold, whatever part of all they are; beyond, it holds this part at most, if others take more. */
const fewBatches = 8;
const largestPart = 3 / 4;
/** What needs room waits this long for a volume that is silent. Milliseconds. */
const patienceMs = 300_000;

/** Whether a volume can be used, and if not, why. */
type State =
  | { readonly kind: "open" }
  | { readonly kind: "full"; readonly reason: string; readonly since: number }
  | { readonly kind: "silent"; readonly reason: string; readonly since: number }
  | { readonly kind: "failed"; readonly reason: string };

export interface AccountNeeds {
  readonly log: Log;
  /** Called when more may fit than before. */
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
  #state: State = { kind: "open" };
  /** What an object or a batch must be smaller than, until there is more room than there was then. Bytes. */
  #ceiling = { bytes: Number.POSITIVE_INFINITY, at: undefined as LocalRoom | undefined };
  /** Reservations that are not released, and when one of them last went on. */
  #batches = 0;
  #wentOnAt = Number.NEGATIVE_INFINITY;

  constructor(volume: LocalVolume, options: Required<PlacementOptions>, needs: AccountNeeds) {
    this.volume = volume;
    this.#options = options;
    this.#needs = needs;
  }

  /** The answer that is waited for. Never rejects. */
  get pending(): Promise<void> | undefined {
    return this.#pending;
  }

  /** Above the floor, and not promised. */
  get free(): Amount {
    return minus(minus(this.#above, this.#reserved), this.#spent);
  }

  /** Why nothing can be stored there; `undefined` where it is only its room that is used up. */
  get reason(): string | undefined {
    return this.#state.kind === "open" || this.#state.kind === "full" ? undefined : this.#state.reason;
  }

  /** Why it is full although its file system says that there is room: a quota, most likely. */
  get fullReason(): string | undefined {
    return this.#state.kind === "full" && this.#above.bytes > largeBytes ? this.#state.reason : undefined;
  }

  get batches(): number {
    return this.#batches;
  }

  /**
   * Whether others are to be used before it, with so many batches on all volumes: it may hang, and must not hold all that
   * is in hand.
   */
  isBusy(allBatches: number): boolean {
    const now = this.#options.now();
    if (this.#pending !== undefined && now - this.#askedAt > hesitationMs) return true;
    if (this.#batches < fewBatches) return false;
    return this.#batches > allBatches * largestPart || now - this.#wentOnAt > hesitationMs;
  }

  takes(wanted: Amount): boolean {
    if (this.#state.kind !== "open" || this.#options.now() - this.#knownAt > staleMs) return false;
    return wanted.bytes < this.#ceiling.bytes && fits(wanted, this.free);
  }

  /** Whether it may take this later: promises may be given back, a disk that is silent may answer. */
  mayTake(wanted: Amount): boolean {
    switch (this.#state.kind) {
      case "open":
        if (wanted.bytes >= this.#ceiling.bytes) return false;
        return this.#room === undefined || fits(wanted, this.#above);
      case "silent":
        return this.#options.now() - this.#state.since < patienceMs;
      case "full":
        return this.#batches > 0 && this.#options.now() - this.#state.since < largeEndsMs;
      case "failed":
        return false;
    }
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
    const { kind } = this.#state;
    const fields = { volume: this.volume.label, reason: error.message };
    switch (error.kind) {
      case "limits":
        return;
      case "full":
        if (bytes >= largeBytes) this.#lower(bytes, fields);
        else if (kind === "open") {
          this.#needs.log.error(fields, "a volume is retired until it has more room");
          this.#ceiling = { bytes: this.#ceiling.bytes, at: this.#room };
          this.#state = { kind: "full", reason: error.message, since: this.#options.now() };
        }
        return;
      case "silent":
        if (kind === "silent" || kind === "failed") return;
        this.#needs.log.error(fields, "a volume does not answer: its work goes elsewhere until it does");
        this.#state = { kind: "silent", reason: error.message, since: this.#options.now() };
        break;
      case "io":
        if (kind === "failed") return;
        this.#needs.log.error(fields, "a volume is retired");
        this.#state = { kind: "failed", reason: error.message };
        break;
    }
    this.#needs.onChange();
  }

  /** What the large object had taken is free again: others may have found the volume full for it. */
  #lower(bytes: number, fields: object): void {
    if (bytes >= this.#ceiling.bytes) return;
    this.#needs.log.warn({ ...fields, bytes }, "a volume takes nothing so large until it has more room");
    this.#ceiling = { bytes, at: this.#room && { ...this.#room, bytes: this.#room.bytes + bytes } };
    if (this.#state.kind === "full") this.#state = { kind: "open" };
    this.#needs.onChange();
  }

  refreshIfOlder(ms: number): void {
    const { now } = this.#options;
    if (this.#pending || this.#state.kind === "failed" || now() - this.#askedAt < ms) return;
    this.#askedAt = now();
    // What is released from now on may be missing in the answer.
    const before = this.#spent;
    this.#pending = this.volume.room().then(
      (room) => {
        this.#pending = undefined;
        this.#room = room;
        this.#knownAt = now();
        this.#spent = minus(this.#spent, before);
        this.#reopen(room);
      },
      (error: unknown) => {
        this.#pending = undefined;
        this.failed(
          error instanceof HostError ? error : new HostError("io", String(error), { cause: error }),
        );
      },
    );
  }

  #reopen(room: LocalRoom): void {
    const { kind } = this.#state;
    const hasMore = hasGrown(room, this.#ceiling.at);
    if (hasMore) this.#ceiling = { bytes: Number.POSITIVE_INFINITY, at: undefined };
    if (kind !== "silent" && !(kind === "full" && hasMore)) return;
    this.#state = { kind: "open" };
    this.#needs.log.warn({ volume: this.volume.label }, "a volume is used again");
    this.#needs.onChange();
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

function hasGrown(now: LocalRoom, then: LocalRoom | undefined): boolean {
  if (then === undefined) return true;
  return (
    now.bytes > then.bytes + Math.min(freedBytes, then.totalBytes / 100) || now.inodes > then.inodes + 1000
  );
}
