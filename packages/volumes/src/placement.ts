import type { Begun, Placement, Reservation, Volume } from "@brigade/core";
import type { Floor } from "./floor.ts";
import type { LocalVolume } from "./room.ts";
import { type Amount, VolumeAccount } from "./volume-account.ts";

export interface PlacementOptions {
  readonly minFree: Floor;
  readonly minFreeInodes: Floor;
  /** Milliseconds. */
  readonly now?: () => number;
}

/**
 * A file takes whole blocks, a bit of its folder and of the manifest: what a reservation adds for each, bytes.
 * (Blocks are 4 KiB nearly everywhere.)
 */
const perFileBytes = 4096 + 512;

/** Places batches on the volume with most room above its floor. */
export function createPlacement(volumes: readonly LocalVolume[], options: PlacementOptions): Placement {
  const accounts = volumes.map((volume) => new VolumeAccount(volume, options));

  /** Asks the disks whose figures are too old for `enough` to be believed, until it holds or all have answered. */
  async function settle(enough: () => boolean): Promise<boolean> {
    for (const account of accounts) account.refreshIfOlder(freshMs);
    if (enough()) return true;
    for (const account of accounts) account.refreshIfOlder(closeMs);
    // A disk that hangs must not hold up the others: look again after every answer.
    for (;;) {
      const asked = accounts.flatMap(({ pending }) => (pending ? [pending] : []));
      if (asked.length === 0) return enough();
      await Promise.race(asked);
      if (enough()) return true;
    }
  }

  function best(wanted: Amount): VolumeAccount | undefined {
    return accounts
      .filter((account) => account.takes(wanted))
      .sort((one, other) => other.free.bytes - one.free.bytes)[0];
  }

  async function reserve(bytes: number, files: number, begun?: Begun): Promise<Reservation | undefined> {
    const wanted = { bytes: bytes + files * perFileBytes, inodes: files };
    const goingOn = begun && (await reserveRest(wanted, begun));
    if (goingOn !== undefined) return goingOn;
    await settle(() => best(wanted) !== undefined);
    return best(wanted)?.reserve(wanted);
  }

  /** On the volume that holds some of it already: room for what it lacks. */
  async function reserveRest(wanted: Amount, begun: Begun): Promise<Reservation | undefined> {
    const account = accounts.find(({ volume }) => volume === begun.volume);
    if (account === undefined) return undefined;
    const rest = { ...wanted, bytes: Math.max(0, wanted.bytes - begun.bytes) };
    account.refreshIfOlder(freshMs);
    if (!account.takes(rest)) {
      account.refreshIfOlder(closeMs);
      await account.pending;
    }
    return account.takes(rest) ? account.reserve(rest) : undefined;
  }

  return {
    volumes,
    reserve,
    retire: (volume: Volume, kind) => accounts.find((account) => account.volume === volume)?.retire(kind),
    exhausted: async () => !(await settle(() => best({ bytes: perFileBytes, inodes: 1 }) !== undefined)),
  };
}

/** Figures are asked for again after this long, in passing. Milliseconds. */
const freshMs = 1000;
/** And after this long, waiting for the answer, before something is refused. Milliseconds. */
const closeMs = 100;
