import { release } from "node:os";
import { libcErrorOf } from "./libc-errors.ts";

/**
 * Writes everything dirty of the file system that this descriptor lies on; rejects when any write
 * to it failed.
 */
export type Syncfs = (descriptor: number) => Promise<void>;

/** libc's syncfs, or in words why it cannot be had here. */
export async function loadSyncfs(): Promise<Syncfs | string> {
  if (process.platform !== "linux") return `${process.platform} has no syncfs`;
  // Before Linux 5.8 syncfs succeeds even when data was lost.
  const [major = 0, minor = 0] = release().split(".").map(Number);
  if (major < 5 || (major === 5 && minor < 8))
    return `syncfs of Linux ${release()} does not report write errors`;
  try {
    const { default: koffi } = await import("koffi");
    const syncfs = koffi.load(null).func("int syncfs(int)");
    const errorOf = libcErrorOf(koffi);
    return (descriptor) =>
      new Promise((resolve, reject) => {
        syncfs.async(descriptor, (failed: unknown, result: number) => {
          if (failed) return reject(failed);
          if (result === 0) return resolve();
          reject(errorOf("syncfs"));
        });
      });
  } catch (error) {
    return `koffi could not load libc: ${error instanceof Error ? error.message : String(error)}`;
  }
}
