import { statfs } from "node:fs/promises";
import { roomIn } from "@brigade/core";
import { readVolumeInfo, type VolumeInfo } from "@brigade/volumes";

/** What can be read of a volume that is not opened. */
export interface VolumeInspection extends VolumeInfo {
  readonly root: string;
  /** Bytes; absent if the file system does not count them. */
  readonly free?: number;
  readonly freeInodes?: number;
}

/**
 * Reads a volume's identity without opening it. Returns `undefined` if there is no volume. Throws
 * ConfigError if it cannot be read.
 */
export async function inspectVolume(root: string): Promise<VolumeInspection | undefined> {
  const info = await readVolumeInfo(root);
  if (info === undefined) return undefined;
  const { bytes, inodes } = roomIn(await statfs(root));
  return {
    root,
    ...info,
    ...(Number.isFinite(bytes) && { free: bytes }),
    ...(Number.isFinite(inodes) && { freeInodes: inodes }),
  };
}
