import { statfs } from "node:fs/promises";
import { readVolumeInfo, type VolumeInfo } from "@brigade/volumes";

/** What a volume says of itself. */
export interface VolumeInspection extends VolumeInfo {
  readonly root: string;
  /** Bytes. */
  readonly free: number;
  readonly freeInodes: number;
}

/** Reads who the volume is, without opening it; nothing where there is none. Throws ConfigError when it cannot be read. */
export async function inspectVolume(root: string): Promise<VolumeInspection | undefined> {
  const info = await readVolumeInfo(root);
  if (info === undefined) return undefined;
  const { bavail, bsize, frsize = bsize, ffree } = await statfs(root);
  return { root, ...info, free: bavail * frsize, freeInodes: ffree };
}
