import { createHash } from "node:crypto";
import { constants, openSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { isPlaceFault } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";

const chunkBytes = 1024 * 1024;
/** Bytes after which other work of the thread gets its turn. */
const turnBytes = 8 * chunkBytes;

/**
 * Returns a descriptor; `undefined` if the file has vanished, is a link, or may not be read by this
 * user. Does not wait for a pipe.
 */
export function openUnlinked(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isPlaceFault(error)) return undefined;
    throw error;
  }
}

export function hashBuffer(): Buffer {
  return Buffer.allocUnsafe(chunkBytes);
}

/** The MD5 of an open file, from where it stands. */
export async function hashFile(descriptor: number, buffer: Buffer): Promise<string> {
  const md5 = createHash("md5");
  let sinceTurn = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, 0, buffer.length, null);
    if (count === 0) return md5.digest("hex");
    md5.update(buffer.subarray(0, count));
    sinceTurn += count;
    if (sinceTurn >= turnBytes) {
      sinceTurn = 0;
      noteProgress();
      await turn();
    }
  }
}
