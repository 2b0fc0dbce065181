import { libcErrorOf } from "./libc-errors.ts";

/** Gives the open file a name. Throws the system's error, also if something has that name. */
export type Linkat = (descriptor: number, path: string) => void;

/**
 * Linux's: names are looked up from the working folder, and the last link of the first path is
 * followed.
 */
const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

/** libc's linkat, which Node does not have; `undefined` where it cannot be had. */
export async function loadLinkat(): Promise<Linkat | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const linkat = koffi.load(null).func("int linkat(int, const char *, int, const char *, int)");
    const errorOf = libcErrorOf(koffi);
    return (descriptor, path) => {
      // By its path here: to name a file by its descriptor alone, a process needs a capability
      // (linkat(2)).
      const from = `/proc/self/fd/${descriptor}`;
      if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) === 0) return;
      throw errorOf("linkat", path);
    };
  } catch {
    return undefined; // koffi has no build for this machine: files get temporary names
  }
}
