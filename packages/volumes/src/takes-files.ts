import { closeSync, openSync } from "node:fs";
import { errorCode } from "./disk-errors.ts";
import { writeAll } from "./durable-file.ts";
import { removeFile } from "./removal.ts";

/** Whether the disk has room for another small file: asked by making it. `path`: nobody uses it. */
export function takesFiles(path: string): boolean {
  try {
    const descriptor = openSync(path, "wx", 0o644);
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
