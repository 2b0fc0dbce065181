import type { Begun, Delayer, HostError, Log, Placement, Reservation, Volume } from "@brigade/core";
import { delay } from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import { type Choose, chooserOf, type PlacementPolicy } from "./policies.ts";
import { type Amount, SharedRoom } from "./shared-room.ts";
import { type AccountOptions, VolumeAccount } from "./volume-account.ts";

/**
 * A file takes whole blocks, a bit of its folder and of the manifest: what a reservation adds for
 * each, bytes. (Blocks are 4 KiB nearly everywhere.)
 */
const perFileBytes = 4096 + 512;
/** The least that can be stored. */
const least: Amount = { bytes: perFileBytes, inodes: 1 };

/** Figures are asked for again after this long, in passing. Milliseconds. */
const freshMs = 1000;
/** And after this long, waiting for the answer, before something is refused. Milliseconds. */
const closeMs = 100;
/** What waits for room looks again after this long, should nothing happen before. Milliseconds. */
const againMs = 250;
const never = new AbortController().signal;

export interface PlacementOptions extends Pick<AccountOptions, "minFree" | "minFreeInodes"> {
  /** Default: `most-free`. */
  readonly policy?: PlacementPolicy;
  /** Milliseconds, of a clock that never steps. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/** Places batches on volumes, by a policy. */
export function createPlacement(
  volumes: readonly LocalVolume[],
  log: Log,
  options: PlacementOptions,
): Placement {
  return new VolumePlacement(volumes, log, options);
}

class VolumePlacement implements Placement {
  readonly volumes: readonly LocalVolume[];
  readonly #accounts: readonly VolumeAccount[];
  readonly #choose: Choose;
  readonly #wait: Delayer;
  /** Batches that were placed. */
  #placed = 0;
  #changed = Promise.withResolvers<void>();

  constructor(
    volumes: readonly LocalVolume[],
    log: Log,
    { now = () => performance.now(), delay: wait = delay, policy = "most-free", ...floors }: PlacementOptions,
  ) {
    this.volumes = volumes;
    this.#choose = chooserOf(policy);
    this.#wait = wait;
    const onChange = () => {
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    const options = { ...floors, now };
    const rooms = new Map<string, SharedRoom>();
    this.#accounts = volumes.map((volume) => {
      const shared = rooms.get(volume.fileSystem) ?? new SharedRoom();
      rooms.set(volume.fileSystem, shared);
      return new VolumeAccount(volume, options, { log, onChange, shared });
    });
  }

  async reserve(
    bytes: number,
    files: number,
    { begun, signal = never }: { begun?: Begun | undefined; signal?: AbortSignal } = {},
  ): Promise<Reservation | undefined> {
    const wanted = { bytes: bytes + files * perFileBytes, inodes: files };
    for (;;) {
      const goingOn = begun && (await this.#reserveRest(wanted, begun, signal));
      if (goingOn !== undefined) return goingOn;
      await this.#ask(() => this.#best(wanted) !== undefined, signal);
      const found = this.#best(wanted);
      if (found !== undefined) return found.reserve(wanted, ++this.#placed);
      if (signal.aborted || !this.#accounts.some((account) => account.mayAccept(wanted))) return undefined;
      await this.#changeOr(againMs, signal);
    }
  }

  failed(volume: Volume, error: HostError, bytes?: number): void {
    this.#accounts.find((account) => account.volume === volume)?.failed(error, bytes);
  }

  async exhausted(): Promise<string | undefined> {
    await this.#ask(() => this.#best(least) !== undefined, never);
    if (this.#accounts.some((account) => account.mayAccept(least))) return undefined;
    const reasons = this.#reasons(({ reason }) => reason);
    if (reasons.length === 0) {
      const said = this.#reasons(({ fullReason }) => fullReason).map((one) => ` (${one})`);
      return `no volume has room: add one, or make room${said.join("")}`;
    }
    const others = this.#accounts.length > reasons.length ? ["the others have no room"] : [];
    return `no volume can be written: ${[...reasons, ...others].join("; ")}`;
  }

  #best(wanted: Amount): VolumeAccount | undefined {
    const all = this.#accounts.reduce((sum, { batches }) => sum + batches, 0);
    const accepting = this.#accounts.filter((account) => account.accepts(wanted));
    return this.#choose(accepting, all);
  }

  /** On the volume that holds some of it already: room for what it lacks. */
  async #reserveRest(wanted: Amount, begun: Begun, signal: AbortSignal): Promise<Reservation | undefined> {
    const account = this.#accounts.find(({ volume }) => volume === begun.volume);
    if (account === undefined) return undefined;
    const rest = { ...wanted, bytes: Math.max(0, wanted.bytes - begun.bytes) };
    account.refreshIfOlder(freshMs);
    if (!account.accepts(rest)) {
      account.refreshIfOlder(closeMs);
      await Promise.race([account.pending, this.#changeOr(freshMs, signal)]);
    }
    return account.accepts(rest) ? account.reserve(rest, ++this.#placed) : undefined;
  }

  /**
   * Asks the disks whose figures are too old for `isEnough`, until it holds or all have answered.
   */
  async #ask(isEnough: () => boolean, signal: AbortSignal): Promise<void> {
    for (const account of this.#accounts) account.refreshIfOlder(freshMs);
    if (isEnough()) return;
    for (const account of this.#accounts) account.refreshIfOlder(closeMs);
    // A disk that hangs must not hold up the others: look again after every answer.
    for (;;) {
      const asked = this.#accounts.flatMap(({ pending }) => (pending ? [pending] : []));
      if (asked.length === 0 || signal.aborted) return;
      await Promise.race([...asked, this.#changeOr(freshMs, signal)]);
      if (isEnough()) return;
      if (this.#accounts.every((account) => account.pending === undefined || account.reason !== undefined))
        return;
    }
  }

  /**
   * Resolves when room was given back or a volume's state has changed, or after this many
   * milliseconds.
   */
  async #changeOr(ms: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const waited = this.#wait(ms, AbortSignal.any([enough.signal, signal])).catch(() => undefined); // then there is no need
    await Promise.race([this.#changed.promise, waited]);
    enough.abort();
  }

  /** Returns what the accounts have of their volumes, with the volumes' labels. */
  #reasons(reasonOf: (account: VolumeAccount) => string | undefined): string[] {
    return this.#accounts.flatMap((account) => {
      const reason = reasonOf(account);
      return reason === undefined ? [] : [`${account.volume.label}: ${reason}`];
    });
  }
}
