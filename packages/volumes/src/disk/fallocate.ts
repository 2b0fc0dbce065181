import { libcErrorOf } from "./libc-errors.ts";

/**
 * Takes room on the disk for this many bytes of an open file, without writing them. Rejects with
 * the system's error.
 */
export type Fallocate = (descriptor: number, length: number) => Promise<void>;

/**
 * Linux's own, which unlike libc's posix_fallocate never writes zeros where it cannot; nothing
 * where there is none.
 */
export async function loadFallocate(): Promise<Fallocate | undefined> {
  if (process.platform !== "linux") return undefined;
  let koffi: typeof import("koffi").default;
  try {
    ({ default: koffi } = await import("koffi"));
  } catch {
    // Built for no such machine: the file gets its room as it is written.
    return undefined;
  }
  const fallocate = koffi.load(null).func("int fallocate64(int, int, int64, int64)");
  const errorOf = libcErrorOf(koffi);
  return (descriptor, length) =>
    new Promise((resolve, reject) => {
      fallocate.async(descriptor, 0, 0, length, (failed: unknown, result: number) => {
        if (failed) return reject(failed);
        if (result === 0) return resolve();
        reject(errorOf("fallocate"));
      });
    });
}
