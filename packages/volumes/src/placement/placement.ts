import type {
  Begun,
  Delayer,
  HostError,
  Log,
  Placement,
  Reservation,
  Volume,
  VolumeStanding,
} from "@brigade/core";
import { delay } from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import { type Choose, chooserOf, type PlacementPolicy } from "./policies.ts";
import { type Amount, perFileBytes, SharedRoom } from "./shared-room.ts";
import { type AccountNeeds, type AccountOptions, VolumeAccount } from "./volume-account.ts";
import type { Order } from "./volume-state.ts";

/** Figures are asked for again after this long, in passing. Milliseconds. */
const freshMs = 1000;
/** And after this long, waiting for the answer, before something is refused. Milliseconds. */
const closeMs = 100;
/** What waits for room looks again after this long, should nothing happen before. Milliseconds. */
const againMs = 250;
const never = new AbortController().signal;
/** Nothing was placed for this long: what is left needs more room. Milliseconds. */
const quietMs = 5_000;

export interface PlacementOptions extends Pick<AccountOptions, "minFree" | "minFreeInodes"> {
  /** Default: `most-free`. */
  readonly policy?: PlacementPolicy;
  /** Milliseconds, of a clock that never steps. */
  readonly now?: () => number;
  /** Unix milliseconds. */
  readonly date?: () => number;
  readonly delay?: Delayer;
}

/** A volume, and how it is. */
export interface PlacedVolume {
  readonly volume: LocalVolume;
  readonly standing: VolumeStanding;
  /** Batches that are placed there and not released. */
  readonly batches: number;
}

/** Places batches on volumes of this machine. */
export interface LocalPlacement extends Placement {
  /** Those that are open. */
  readonly volumes: readonly LocalVolume[];
  /** All of them, in the order in which they were given. */
  readonly all: readonly PlacedVolume[];
  /** Bytes above the floors of all volumes that can be used, promised or not. */
  readonly usableBytes: number;
  /** Whether people have ordered that nothing new goes to some volume. */
  readonly hasOrders: boolean;
  /** Places batches there, too, from now on. */
  add(volume: LocalVolume): void;
  /** What people want of volumes, by id or label: all of it. What was ordered before holds no longer. */
  obey(orders: ReadonlyMap<string, Order>): void;
  /**
   * Looks how the disks are: what has failed is tried again, what is to be ejected is closed. To be
   * called every second or so; resolves when all disks have answered.
   */
  look(): Promise<void>;
}

/** Places batches on volumes, by a policy. */
export function createPlacement(
  volumes: readonly LocalVolume[],
  log: Log,
  options: PlacementOptions,
): LocalPlacement {
  return new VolumePlacement(volumes, log, options);
}

class VolumePlacement implements LocalPlacement {
  readonly #accounts: VolumeAccount[] = [];
  readonly #rooms = new Map<string, SharedRoom>();
  readonly #options: AccountOptions;
  readonly #needs: AccountNeeds;
  /** The volumes that are open. */
  #open: readonly LocalVolume[] = [];
  #orders: ReadonlyMap<string, Order> = new Map();
  readonly #choose: Choose;
  readonly #wait: Delayer;
  /** Batches that were placed. */
  #placed = 0;
  #placedAt = Number.NEGATIVE_INFINITY;
  #changed = Promise.withResolvers<void>();

  constructor(
    volumes: readonly LocalVolume[],
    log: Log,
    {
      now = () => performance.now(),
      date = () => Date.now(),
      delay: wait = delay,
      policy = "most-free",
      ...floors
    }: PlacementOptions,
  ) {
    this.#choose = chooserOf(policy);
    this.#wait = wait;
    const onChange = () => {
      this.#open = this.#accounts.flatMap(({ volume }) => (volume.isOpen ? [volume] : []));
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
    };
    this.#options = { ...floors, now };
    this.#needs = { log, date, onChange, sharedBy: (fileSystem) => this.#sharedBy(fileSystem) };
    for (const volume of volumes) this.add(volume);
  }

  get volumes(): readonly LocalVolume[] {
    return this.#open;
  }

  get all(): readonly PlacedVolume[] {
    return this.#accounts;
  }

  get usableBytes(): number {
    const ofSystems = new Map<SharedRoom, number>();
    for (const { shared, usableBytes } of this.#accounts)
      if (usableBytes !== undefined) ofSystems.set(shared, usableBytes);
    return [...ofSystems.values()].reduce((sum, bytes) => sum + Math.max(0, bytes), 0);
  }

  get hasOrders(): boolean {
    return this.#accounts.some(({ volume }) => this.#orderFor(volume) !== undefined);
  }

  add(volume: LocalVolume): void {
    const account = new VolumeAccount(volume, this.#options, this.#needs);
    account.obey(this.#orderFor(volume));
    this.#accounts.push(account);
    this.#needs.onChange();
  }

  obey(orders: ReadonlyMap<string, Order>): void {
    this.#orders = orders;
    for (const account of this.#accounts) account.obey(this.#orderFor(account.volume));
  }

  async look(): Promise<void> {
    await Promise.all(this.#accounts.map((account) => account.look()));
  }

  async reserve(
    bytes: number,
    files: number,
    { begun, signal = never }: { begun?: Begun | undefined; signal?: AbortSignal } = {},
  ): Promise<Reservation | undefined> {
    const wanted = wantedFor(bytes, files);
    for (;;) {
      const goingOn = begun && (await this.#reserveRest(wanted, begun, signal));
      if (goingOn !== undefined) return goingOn;
      await this.#ask(() => this.#best(wanted) !== undefined, signal);
      const found = this.#best(wanted);
      if (found !== undefined) return this.#reserveOn(found, wanted);
      if (signal.aborted || !this.#accounts.some((account) => account.mayAccept(wanted))) return undefined;
      await this.#changeOr(againMs, signal);
    }
  }

  failed(volume: Volume, error: HostError, bytes?: number): void {
    this.#accounts.find((account) => account.volume === volume)?.failed(error, bytes);
  }

  outlook(bytes: number): "never" | "later" | "wait" {
    const wanted = wantedFor(bytes, 1);
    if (!this.#accounts.some((account) => account.couldHold(wanted))) return "never";
    const isQuiet = this.#options.now() - this.#placedAt > quietMs;
    return isQuiet && this.#accounts.every(({ batches }) => batches === 0) ? "wait" : "later";
  }

  async exhausted(bytes = 0): Promise<string | undefined> {
    const wanted = wantedFor(bytes, 1);
    await this.#ask(() => this.#best(wanted) !== undefined, never);
    if (this.#accounts.some((account) => account.mayAccept(wanted))) return undefined;
    const reasons = this.#reasons(({ reason }) => reason);
    if (reasons.length === 0) {
      const said = this.#reasons(({ fullReason }) => fullReason).map((one) => ` (${one})`);
      const what = bytes === 0 ? "" : ` for an object of ${bytes} bytes`;
      return `no volume has room${what}: add one, or make room${said.join("")}`;
    }
    const others = this.#accounts.length > reasons.length ? ["the others have no room"] : [];
    return `no volume can be written: ${[...reasons, ...others].join("; ")}`;
  }

  #sharedBy(fileSystem: string): SharedRoom {
    const shared = this.#rooms.get(fileSystem) ?? new SharedRoom();
    this.#rooms.set(fileSystem, shared);
    return shared;
  }

  #orderFor({ id, label }: LocalVolume): Order | undefined {
    return this.#orders.get(id) ?? this.#orders.get(label);
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
    return account.accepts(rest) ? this.#reserveOn(account, rest) : undefined;
  }

  #reserveOn(account: VolumeAccount, wanted: Amount): Reservation {
    this.#placedAt = this.#options.now();
    return account.reserve(wanted, ++this.#placed);
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

/** What a reservation for so many bytes of so many files takes. */
function wantedFor(bytes: number, files: number): Amount {
  return { bytes: bytes + files * perFileBytes, inodes: files };
}
