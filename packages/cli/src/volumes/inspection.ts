import { statfs } from "node:fs/promises";
import { roomIn } from "@brigade/core";
import { readVolumeInfo, type VolumeInfo } from "@brigade/volumes";

/** What a volume says of itself. */
export interface VolumeInspection extends VolumeInfo {
  readonly root: string;
  /** Bytes; absent where the file system does not count them. */
  readonly free?: number;
  readonly freeInodes?: number;
}

/** Reads who the volume is, without opening it; nothing where there is none. Throws ConfigError when it cannot be read. */
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
