import type { VolumeAccount } from "./volume-account.ts";

/**
 * Which volume gets the next batch:
 * - `most-free`      the one with most room above its floor
 * - `fill-in-order`  the first one, in the order in which they were given, until it is full
 * - `round-robin`    each one in turn
 */
export const placementPolicies = ["most-free", "fill-in-order", "round-robin"] as const;
export type PlacementPolicy = (typeof placementPolicies)[number];

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
        firstBy(accounts, (account) => [Number(account.isBusy(batches)), -account.free.bytes]);
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
