import type { Begun, HostError, Log, Placement, Reservation, Volume } from "@brigade/core";
import { delay } from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import { type Amount, type PlacementOptions, VolumeAccount } from "./volume-account.ts";

/**
 * A file takes whole blocks, a bit of its folder and of the manifest: what a reservation adds for each, bytes.
 * (Blocks are 4 KiB nearly everywhere.)
 */
const perFileBytes = 4096 + 512;
/** The least that can be stored. */
const least: Amount = { bytes: perFileBytes, inodes: 1 };

/** Places batches on the volume with most room above its floor, and is the one who knows which volumes can be used. */
export function createPlacement(
  volumes: readonly LocalVolume[],
  log: Log,
  { now = () => performance.now(), delay: wait = delay, ...floors }: PlacementOptions,
): Placement {
  let changed = Promise.withResolvers<void>();
  const onChange = () => {
    changed.resolve();
    changed = Promise.withResolvers();
  };
  const options = { ...floors, now, delay: wait };
  const accounts = volumes.map((volume) => new VolumeAccount(volume, options, { log, onChange }));

  /** Asks the disks whose figures are too old for `enough` to be believed, until it holds or all have answered. */
  async function settle(enough: () => boolean, signal: AbortSignal): Promise<boolean> {
    for (const account of accounts) account.refreshIfOlder(freshMs);
    if (enough()) return true;
    for (const account of accounts) account.refreshIfOlder(closeMs);
    // A disk that hangs must not hold up the others: look again after every answer.
    for (;;) {
      const asked = accounts.flatMap(({ pending }) => (pending ? [pending] : []));
      if (asked.length === 0 || signal.aborted) return enough();
      await Promise.race([...asked, changeOr(freshMs, signal)]);
      if (enough()) return true;
      if (accounts.every((account) => account.pending === undefined || account.reason !== undefined))
        return false;
    }
  }

  /** Resolves when a promise of room was settled or a volume's state has changed, or after so many milliseconds. */
  async function changeOr(ms: number, signal: AbortSignal): Promise<void> {
    const enough = new AbortController();
    const waited = wait(ms, AbortSignal.any([enough.signal, signal])).catch(() => undefined); // then there is no need
    await Promise.race([changed.promise, waited]);
    enough.abort();
  }

  function best(wanted: Amount): VolumeAccount | undefined {
    const all = accounts.reduce((sum, { batches }) => sum + batches, 0);
    return accounts
      .filter((account) => account.takes(wanted))
      .sort(
        (one, other) =>
          Number(one.isBusy(all)) - Number(other.isBusy(all)) || other.free.bytes - one.free.bytes,
      )[0];
  }

  /** On the volume that holds some of it already: room for what it lacks. */
  async function reserveRest(
    wanted: Amount,
    begun: Begun,
    signal: AbortSignal,
  ): Promise<Reservation | undefined> {
    const account = accounts.find(({ volume }) => volume === begun.volume);
    if (account === undefined) return undefined;
    const rest = { ...wanted, bytes: Math.max(0, wanted.bytes - begun.bytes) };
    account.refreshIfOlder(freshMs);
    if (!account.takes(rest)) {
      account.refreshIfOlder(closeMs);
      await Promise.race([account.pending, changeOr(freshMs, signal)]);
    }
    return account.takes(rest) ? account.reserve(rest) : undefined;
  }

  async function reserve(
    bytes: number,
    files: number,
    { begun, signal = never }: { begun?: Begun | undefined; signal?: AbortSignal } = {},
  ): Promise<Reservation | undefined> {
    const wanted = { bytes: bytes + files * perFileBytes, inodes: files };
    for (;;) {
      const goingOn = begun && (await reserveRest(wanted, begun, signal));
      if (goingOn !== undefined) return goingOn;
      await settle(() => best(wanted) !== undefined, signal);
      const found = best(wanted);
      if (found !== undefined) return found.reserve(wanted);
      if (signal.aborted || !accounts.some((account) => account.mayTake(wanted))) return undefined;
      await changeOr(againMs, signal);
    }
  }

  function failed(volume: Volume, error: HostError, bytes?: number): void {
    accounts.find((account) => account.volume === volume)?.failed(error, bytes);
  }

  async function exhausted(): Promise<string | undefined> {
    const canTake = () => accounts.some((account) => account.mayTake(least));
    await settle(() => best(least) !== undefined, never);
    if (canTake()) return undefined;
    const told = (reasonOf: (account: VolumeAccount) => string | undefined) =>
      accounts.flatMap((account) => {
        const reason = reasonOf(account);
        return reason === undefined ? [] : [`${account.volume.label}: ${reason}`];
      });
    const reasons = told(({ reason }) => reason);
    if (reasons.length === 0) {
      const said = told(({ fullReason }) => fullReason).map((one) => ` (${one})`);
      return `no volume has room: add one, or make room${said.join("")}`;
    }
    const others = accounts.length > reasons.length ? ["the others have no room"] : [];
    return `no volume can be written: ${[...reasons, ...others].join("; ")}`;
  }

  return { volumes, reserve, failed, exhausted };
}

/** Figures are asked for again after this long, in passing. Milliseconds. */
const freshMs = 1000;
/** And after this long, waiting for the answer, before something is refused. Milliseconds. */
const closeMs = 100;
/** What waits for room looks again after this long, should nothing happen before. Milliseconds. */
const againMs = 250;
const never = new AbortController().signal;
