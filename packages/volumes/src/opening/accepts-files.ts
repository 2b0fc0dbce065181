import { closeSync } from "node:fs";
import { errorCode } from "../disk/disk-errors.ts";
import { writeAll } from "../own-files/durable-file.ts";
import { createFile } from "../own-files/files.ts";
import { removeFile } from "../own-files/removal.ts";

/**
 * Whether the disk has room for another small file, found out by making it. `path`: nothing lies
 * there.
 */
export function acceptsFiles(path: string): boolean {
  try {
    const descriptor = createFile(path);
    try {
      writeAll(descriptor, new Uint8Array(4096));
    } finally {
      closeSync(descriptor);
      removeFile(path);
    }
    return true;
  } catch (error) {
    return errorCode(error) !== "ENOSPC" && errorCode(error) !== "EDQUOT";
  }
}
