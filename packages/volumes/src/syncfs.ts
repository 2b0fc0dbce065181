import { release } from "node:os";

/** Writes everything dirty of the file system that this descriptor lies on; rejects when any write to it failed. */
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
    const nameOf = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    return (descriptor) =>
      new Promise((resolve, reject) => {
        // In the callback `koffi.errno()` is that of the pool's thread that made the call (since koffi 3.2).
        syncfs.async(descriptor, (failed: unknown, result: number) => {
          if (failed) return reject(failed);
          if (result === 0) return resolve();
          const number = koffi.errno();
          const code = nameOf.get(number) ?? `E${number}`;
          reject(Object.assign(new Error(`${code}: syncfs`), { code, errno: -number, syscall: "syncfs" }));
        });
      });
  } catch (error) {
    return `koffi could not load libc: ${error instanceof Error ? error.message : String(error)}`;
  }
}
