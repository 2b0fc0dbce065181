import type { HostError, LocalRoom, Log, VolumeStanding } from "@brigade/core";
import { type Amount, least } from "./shared-room.ts";
import { type Level, levelOf, logChange } from "./state-log.ts";

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

export type StateName = VolumeStanding["state"];
type Fault = "read-only" | "failing" | "gone";

type State =
  | { readonly kind: "open" }
  | { readonly kind: "full"; readonly reason: string; readonly since: number }
  | { readonly kind: "silent"; readonly reason: string; readonly since: number }
  | { readonly kind: "failed"; readonly fault: Fault; readonly reason: string };

/** What people want of a volume. */
export interface Order {
  /** Its disk is to be unmounted: nothing may be open there. */
  readonly eject: boolean;
  /** Who wants it, and why; for people. */
  readonly reason: string;
}

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
  /** Unix milliseconds. */
  readonly date: () => number;
  /** Called when something else may fit than before. */
  readonly onChange: () => void;
}

/**
 * Whether a volume can be used, and if not, why. No other code decides that a volume is retired,
 * nor logs it: whoever meets a failure reports it here, by way of `Placement.failed`.
 *
 *     open ---- full ----> full                        until it has more room
 *     open, full -- silent --> silent                  until it answers
 *     any -- io, read-only, gone --> failed            until it was opened again
 *
 * A large object that finds no room lowers the ceiling instead: an open volume takes only what is
 * smaller, until it has more room. Whatever the disk does, people may have ordered that nothing new
 * goes there.
 */
export class VolumeState {
  readonly #needs: StateNeeds;
  #state: State = { kind: "open" };
  #ceiling = noCeiling;
  #level: Level = "ok";
  #order: Order | undefined;
  /** Nothing of this process is open there, by order. */
  #isEjected = false;
  #standing: VolumeStanding;

  constructor(needs: StateNeeds) {
    this.#needs = needs;
    this.#standing = { state: "ok", since: needs.date() };
  }

  /** For people. */
  get standing(): VolumeStanding {
    return this.#standing;
  }

  get order(): Order | undefined {
    return this.#order;
  }

  get isEjected(): boolean {
    return this.#isEjected;
  }

  get isOpen(): boolean {
    return this.#state.kind === "open" && this.#order === undefined;
  }

  /** Whether the volume can be used only after it was opened again. */
  get hasFailed(): boolean {
    return this.#state.kind === "failed";
  }

  /** Why nothing can be stored there; `undefined` where at most its room is used up. */
  get reason(): string | undefined {
    if (this.#state.kind === "silent" || this.#state.kind === "failed") return this.#state.reason;
    return this.#order?.reason;
  }

  /** The volume's error when it was full; `undefined` while it is not. */
  get fullReason(): string | undefined {
    return this.#state.kind === "full" ? this.#state.reason : undefined;
  }

  /** Whether something of this size may be placed now, room or not. */
  accepts(bytes: number): boolean {
    return this.isOpen && bytes < this.#ceiling.bytes;
  }

  /** Whether something of this size was not refused, as far as is known. */
  mayHold(bytes: number): boolean {
    return bytes < this.#ceiling.bytes;
  }

  /** Whether it may be open soon. `hasBatches`: whether some of what is in hand is placed there. */
  mayReopen(hasBatches: boolean): boolean {
    if (this.#order !== undefined) return false;
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
    // What was closed by order rejects what is asked of it.
    if (this.#isEjected) return;
    switch (error.kind) {
      case "limits":
        return;
      case "full":
        if (bytes >= largeBytes) this.#lowerCeiling(error, bytes, room);
        else if (this.#state.kind === "open") this.#fill(error, room);
        return;
      case "silent":
        if (this.#state.kind !== "failed" && this.#state.kind !== "silent")
          this.#change({ kind: "silent", reason: error.message, since: this.#needs.now() });
        return;
      case "io":
      case "read-only":
      case "gone":
        if (this.#state.kind !== "failed") this.stillFailed(error);
    }
  }

  /** It could not be opened again, for this reason. */
  stillFailed({ kind, message: reason }: HostError): void {
    if (this.#order === undefined) this.#isEjected = false;
    const fault = kind === "read-only" || kind === "gone" ? kind : "failing";
    this.#change({ kind: "failed", fault, reason });
  }

  /** It was opened again, and its disk takes files. */
  reopened(): void {
    this.#isEjected = false;
    this.#ceiling = noCeiling;
    this.#change({ kind: "open" });
  }

  /** The disk has answered: it has this room, and this much of it `above` the floor. */
  answered(room: LocalRoom, above: Amount): void {
    const { kind } = this.#state;
    this.#level = levelOf(room, above, least, this.#level);
    const hasMore = hasGrown(room, this.#ceiling.at);
    if (hasMore) this.#ceiling = noCeiling;
    if (kind === "silent" || (kind === "full" && hasMore)) this.#change({ kind: "open" });
    else this.#tell();
  }

  /** `undefined`: what was ordered holds no longer. */
  obey(order: Order | undefined): void {
    this.#order = order;
    this.#tell();
  }

  /** Nothing of this process is open there any more. */
  ejected(): void {
    this.#isEjected = true;
    this.#tell();
  }

  /** Those that wait for its room look again by themselves. */
  #fill({ message: reason }: HostError, room: LocalRoom | undefined): void {
    this.#ceiling = { bytes: this.#ceiling.bytes, at: room };
    this.#change({ kind: "full", reason, since: this.#needs.now() });
  }

  /**
   * What the large object had taken is free again: others may have found the volume full for it.
   */
  #lowerCeiling(error: HostError, bytes: number, room: LocalRoom | undefined): void {
    if (bytes >= this.#ceiling.bytes) return;
    this.#needs.log.warn(
      { volume: this.#needs.label, reason: error.message, bytes },
      "a volume accepts nothing so large until it has more room",
    );
    this.#ceiling = { bytes, at: room && { ...room, bytes: room.bytes + bytes } };
    if (this.#state.kind === "full") this.#change({ kind: "open" });
    this.#needs.onChange();
  }

  #change(state: State): void {
    this.#state = state;
    this.#tell();
  }

  /** Logs a change once. A new reason of the same state is only kept. */
  #tell(): void {
    const { label, log, date, onChange } = this.#needs;
    const { state: before, since } = this.#standing;
    const state = this.#name();
    const reason = this.#words(state);
    const isChanged = state !== before;
    this.#standing = { state, since: isChanged ? date() : since, ...(reason !== undefined && { reason }) };
    if (!isChanged) return;
    logChange(log, { volume: label, ...(reason !== undefined && { reason }) }, before, state);
    onChange();
  }

  #name(): StateName {
    if (this.#isEjected) return "ejected";
    switch (this.#state.kind) {
      case "failed":
        return this.#state.fault;
      case "silent":
        return "hanging";
      case "full":
        return this.#order === undefined ? "full" : "drained";
      case "open":
        return this.#order === undefined ? this.#level : "drained";
    }
  }

  #words(state: StateName): string | undefined {
    if (state === "drained" || state === "ejected") return this.#order?.reason;
    if (this.#state.kind !== "open") return this.#state.reason;
    return state === "full" ? "no room is left above MIN_FREE" : undefined;
  }
}

function hasGrown(now: LocalRoom, then: LocalRoom | undefined): boolean {
  if (then === undefined) return true;
  return (
    now.bytes > then.bytes + Math.min(freedBytes, then.totalBytes / 100) || now.inodes > then.inodes + 1000
  );
}
