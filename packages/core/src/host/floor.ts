import { z } from "zod";
import { byteSize, integer } from "../config.ts";
import type { Room } from "../contracts/volume.ts";

/** What statfs returns. */
interface FileSystemCounts {
  readonly bavail: number;
  readonly bsize: number;
  readonly frsize?: number;
  readonly blocks: number;
  readonly ffree: number;
  readonly files: number;
}

/** Free room, and of how much. What the file system does not count is infinite. */
export interface LocalRoom extends Room {
  readonly totalBytes: number;
  readonly totalInodes: number;
}

/**
 * Some file systems (btrfs, vfat) make inodes as they need them and report none. FUSE without
 * `statfs` reports no blocks, either: then there is room until a call says that there is none.
 */
export function roomIn({ bavail, bsize, frsize = bsize, blocks, ffree, files }: FileSystemCounts): LocalRoom {
  const [counts, countsInodes] = [blocks > 0, files > 0];
  return {
    bytes: counts ? bavail * frsize : Number.POSITIVE_INFINITY,
    inodes: countsInodes ? ffree : Number.POSITIVE_INFINITY,
    totalBytes: counts ? blocks * frsize : Number.POSITIVE_INFINITY,
    totalInodes: countsInodes ? files : Number.POSITIVE_INFINITY,
  };
}

/**
 * What is to stay free on a volume: an amount (bytes, inodes), or a share of all there is (0.01 is
 * 1 %).
 */
export type Floor = { readonly amount: number } | { readonly share: number };

/** Absolute. A file system that does not count has no floor. */
export function floorOf(floor: Floor, total: number): number {
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

const share = z
  .string()
  .regex(/^\d+(\.\d+)?\s*%$/)
  .transform((text) => Number.parseFloat(text) / 100)
  .pipe(z.number().max(1));

const floor = (amount: z.ZodType<number, string>, what: string) =>
  z.union(
    [
      share.transform((value): Floor => ({ share: value })),
      amount.transform((value): Floor => ({ amount: value })),
    ],
    { error: `must be ${what}, or a share such as 5%` },
  );

/** What is to stay free on every disk that is written to. */
export const floorVariables = {
  /** Bytes: for the manifest, for the catalogue that may lie there, for other programs. */
  MIN_FREE: floor(byteSize, "a size such as 500MiB").default({ share: 0.01 }),
  MIN_FREE_INODES: floor(integer(), "a whole number").default({ share: 0.01 }),
};
