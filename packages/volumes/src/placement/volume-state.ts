import type { HostError, LocalRoom, Log } from "@brigade/core";

/**
 * A volume that failed with `full` is back when this much was freed: its quota, say, may be less than the
 * disk's room. Bytes.
 */
const freedBytes = 64 * 1024 * 1024;
/**
 * An object of this size that finds the volume full, while the file system reports room,
 * may be more than a quota leaves: smaller ones may fit. If a smaller one does not fit, the volume
 * is full. Bytes.
 */
export const largeBytes = 16 * 1024 * 1024;
/** What a large object had written goes soon after others found no room for it. Milliseconds. */
const largeEndsMs = 2_000;
/** What needs room waits this long for a volume that is silent. Milliseconds. */
const patienceMs = 300_000;

type State =
  | { readonly kind: "open" }
  | { readonly kind: "full"; readonly reason: string; readonly since: number }
  | { readonly kind: "silent"; readonly reason: string; readonly since: number }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * What an object or a batch must be smaller than, until there is more room than there was then.
 * Bytes.
 */
interface Ceiling {
  readonly bytes: number;
  readonly at: LocalRoom | undefined;
}

const noCeiling: Ceiling = { bytes: Number.POSITIVE_INFINITY, at: undefined };

export interface StateNeeds {
  /** Of the volume, for the log. */
  readonly label: string;
  readonly log: Log;
  /** Milliseconds, of a clock that never steps. */
  readonly now: () => number;
  /** Called when something else may fit than before. */
  readonly onChange: () => void;
}

/**
 * Whether a volume can be used, and if not, why. No other code decides that a volume is retired,
 * nor logs it: whoever meets a failure reports it here, by way of `Placement.failed`.
 *
 *     open ---- full ----> full                 until it has more room
 *     open, full -- silent --> silent           until it answers
 *     any ----- io -----> failed                for good
 *
 * A large object that finds no room lowers the ceiling instead: an open volume takes only what is
 * smaller, until it has more room.
 */
export class VolumeState {
  readonly #needs: StateNeeds;
  #state: State = { kind: "open" };
  #ceiling = noCeiling;

  constructor(needs: StateNeeds) {
    this.#needs = needs;
  }

  get isOpen(): boolean {
    return this.#state.kind === "open";
  }

  /** Whether the volume is not used in this process any more. */
  get hasFailed(): boolean {
    return this.#state.kind === "failed";
  }

  /** Why nothing can be stored there; `undefined` where at most its room is used up. */
  get reason(): string | undefined {
    return this.#state.kind === "silent" || this.#state.kind === "failed" ? this.#state.reason : undefined;
  }

  /** The volume's error when it was full; `undefined` while it is not. */
  get fullReason(): string | undefined {
    return this.#state.kind === "full" ? this.#state.reason : undefined;
  }

  /** Whether something of this size may be placed now, room or not. */
  accepts(bytes: number): boolean {
    return this.isOpen && bytes < this.#ceiling.bytes;
  }

  /** Whether it may be open soon. `hasBatches`: whether some of what is in hand is placed there. */
  mayReopen(hasBatches: boolean): boolean {
    switch (this.#state.kind) {
      case "open":
        return true;
      case "silent":
        return this.#needs.now() - this.#state.since < patienceMs;
      case "full":
        return hasBatches && this.#needs.now() - this.#state.since < largeEndsMs;
      case "failed":
        return false;
    }
  }

  /** `bytes`: of the object that could not be stored. `room`: as last read from the disk. */
  failed(error: HostError, bytes: number, room: LocalRoom | undefined): void {
    switch (error.kind) {
      case "limits":
        return;
      case "full":
        if (bytes >= largeBytes) this.#lowerCeiling(error, bytes, room);
        else this.#fill(error, room);
        return;
      case "silent":
        this.#fallSilent(error);
        return;
      case "io":
        this.#fail(error);
    }
  }

  /** The disk has answered, and has this room. */
  answered(room: LocalRoom): void {
    const { kind } = this.#state;
    const hasMore = hasGrown(room, this.#ceiling.at);
    if (hasMore) this.#ceiling = noCeiling;
    if (kind !== "silent" && !(kind === "full" && hasMore)) return;
    this.#state = { kind: "open" };
    this.#needs.log.warn({ volume: this.#needs.label }, "a volume is used again");
    this.#needs.onChange();
  }

  /** Those that wait for its room look again by themselves. */
  #fill(error: HostError, room: LocalRoom | undefined): void {
    if (!this.isOpen) return;
    this.#needs.log.error(this.#fieldsOf(error), "a volume is retired until it has more room");
    this.#ceiling = { bytes: this.#ceiling.bytes, at: room };
    this.#state = { kind: "full", reason: error.message, since: this.#needs.now() };
  }

  /**
   * What the large object had taken is free again: others may have found the volume full for it.
   */
  #lowerCeiling(error: HostError, bytes: number, room: LocalRoom | undefined): void {
    if (bytes >= this.#ceiling.bytes) return;
    this.#needs.log.warn(
      { ...this.#fieldsOf(error), bytes },
      "a volume accepts nothing so large until it has more room",
    );
    this.#ceiling = { bytes, at: room && { ...room, bytes: room.bytes + bytes } };
    if (this.#state.kind === "full") this.#state = { kind: "open" };
    this.#needs.onChange();
  }

  #fallSilent(error: HostError): void {
    if (this.#state.kind === "silent" || this.#state.kind === "failed") return;
    this.#needs.log.error(
      this.#fieldsOf(error),
      "a volume does not answer: its work goes elsewhere until it does",
    );
    this.#state = { kind: "silent", reason: error.message, since: this.#needs.now() };
    this.#needs.onChange();
  }

  #fail(error: HostError): void {
    if (this.#state.kind === "failed") return;
    this.#needs.log.error(this.#fieldsOf(error), "a volume is retired");
    this.#state = { kind: "failed", reason: error.message };
    this.#needs.onChange();
  }

  #fieldsOf({ message }: HostError): object {
    return { volume: this.#needs.label, reason: message };
  }
}

function hasGrown(now: LocalRoom, then: LocalRoom | undefined): boolean {
  if (then === undefined) return true;
  return (
    now.bytes > then.bytes + Math.min(freedBytes, then.totalBytes / 100) || now.inodes > then.inodes + 1000
  );
}
