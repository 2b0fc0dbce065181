import type { VolumeSettings } from "../variables.ts";
import type { VolumeAccount } from "./volume-account.ts";

export type PlacementPolicy = VolumeSettings["PLACEMENT"];

/**
 * Chooses one of the volumes that accept a batch. `batches`: what all volumes have in hand. Returns
 * `undefined` if there is no volume.
 */
export type Choose = (accounts: readonly VolumeAccount[], batches: number) => VolumeAccount | undefined;

/** A volume that may hang comes after all others, whatever the policy. */
export function chooserOf(policy: PlacementPolicy): Choose {
  switch (policy) {
    case "most-free":
      return (accounts, batches) =>
        firstBy(accounts, (account) => [
          Number(account.isBusy(batches)),
          -account.free.bytes,
          // Volumes that share a file system have their turns.
          account.latestTurn,
        ]);
    case "fill-in-order":
      return (accounts) => firstBy(accounts, ({ isSlow }) => [Number(isSlow)]);
    case "round-robin":
      return (accounts, batches) =>
        firstBy(accounts, (account) => [Number(account.isBusy(batches)), account.latestTurn]);
  }
}

/** Returns the item with the least rank: numbers are compared one by one. The first of equal ones. */
function firstBy<T>(items: readonly T[], rankOf: (item: T) => readonly number[]): T | undefined {
  const ranked = items.map((item) => ({ item, rank: rankOf(item) }));
  const [least] = ranked.sort((one, other) => {
    const at = one.rank.findIndex((rank, index) => rank !== other.rank[index]);
    return at === -1 ? 0 : (one.rank[at] ?? 0) - (other.rank[at] ?? 0);
  });
  return least?.item;
}
