import type { LocalRoom } from "./room.ts";

/** What is to stay free on a volume: an amount (bytes, inodes), or a share of all there is (0.01 is 1 %). */
export type Floor = { readonly amount: number } | { readonly share: number };

/** Absolute. A file system that does not count has no floor. */
function floorOf(floor: Floor, total: number): number {
  if ("amount" in floor) return floor.amount;
  return Number.isFinite(total) ? Math.ceil(floor.share * total) : 0;
}

/** What may be taken before the floor is reached; negative below it. */
export function aboveFloor(room: LocalRoom, floors: { bytes: Floor; inodes: Floor }) {
  return {
    bytes: room.bytes - floorOf(floors.bytes, room.totalBytes),
    inodes: room.inodes - floorOf(floors.inodes, room.totalInodes),
  };
}
