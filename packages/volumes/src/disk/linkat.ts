import { libcErrorOf } from "./libc-errors.ts";

/** Gives the open file a name. Throws the system's error, also if something has that name. */
export type Linkat = (descriptor: number, path: string) => void;

/**
 * Linux's: names are looked up from the working folder, and the last link of the first path is
 * followed.
 */
const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
/** An empty path names the open file itself. */
const AT_EMPTY_PATH = 0x1000;

/** libc's linkat, which Node does not have; `undefined` where it cannot be had. */
export async function loadLinkat(): Promise<Linkat | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const linkat = koffi.load(null).func("int linkat(int, const char *, int, const char *, int)");
    const errorOf = libcErrorOf(koffi);
    // An empty path costs less. It needs a capability (linkat(2)), or Linux 6.10 and a file that this
    // process has opened. Otherwise the file is named by its path below /proc.
    let mayBeEmpty = true;
    return (descriptor, path) => {
      if (mayBeEmpty && linkat(descriptor, "", AT_FDCWD, path, AT_EMPTY_PATH) === 0) return;
      const from = `/proc/self/fd/${descriptor}`;
      if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) !== 0) throw errorOf("linkat", path);
      mayBeEmpty = false;
    };
  } catch {
    return undefined; // koffi has no build for this machine: files get temporary names
  }
}
