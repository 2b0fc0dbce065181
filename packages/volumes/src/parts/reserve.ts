import { type FileHandle, statfs } from "node:fs/promises";
import { type Floor, floorOf, HostError, roomIn } from "@brigade/core";
import { errorCode } from "../disk/disk-errors.ts";
import { type Fallocate, loadFallocate } from "../disk/fallocate.ts";

export interface Room {
  readonly length: number;
  readonly minFree: Floor;
  readonly reserveFrom: number;
}

/**
 * Makes the file this long, with room on the disk for all of it where the file system can promise
 * that; a file shorter than `reserveFrom` only gets its length. Throws HostError `full` when what it
 * lacks does not fit.
 */
export async function reserve(
  file: FileHandle,
  path: string,
  { length, minFree, reserveFrom }: Room,
): Promise<void> {
  const [{ blocks }, counts] = await Promise.all([file.stat(), statfs(path)]);
  const lacking = length - blocks * 512;
  const { bytes, totalBytes } = roomIn(counts);
  const floor = floorOf(minFree, totalBytes);
  const free = Math.max(0, bytes - floor);
  const above = floor > 0 ? ` above MIN_FREE (${floor})` : "";
  if (lacking > free)
    throw new HostError(
      "full",
      `${path}: ${lacking} bytes more are needed, ${free} are free on its disk${above}`,
    );
  if (lacking > 0 && length >= reserveFrom) await allocate(file, length, await loadFallocate());
  await file.truncate(length);
}

async function allocate(file: FileHandle, length: number, fallocate: Fallocate | undefined): Promise<void> {
  try {
    await fallocate?.(file.fd, length);
  } catch (error) {
    // Some file systems cannot promise room (NFS, FAT): then the disk may become full on the way.
    if (errorCode(error) !== "EOPNOTSUPP" && errorCode(error) !== "ENOSYS") throw error;
  }
}
