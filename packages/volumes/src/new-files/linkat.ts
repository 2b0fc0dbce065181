/** Gives the open file a name, which nothing may have. Throws the system's error. */
export type Linkat = (descriptor: number, path: string) => void;

/** Linux's: names are looked up from the working folder, and the last link of the first path is followed. */
const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;

/** libc's linkat, which Node does not have; `undefined` where it cannot be had. */
export async function loadLinkat(): Promise<Linkat | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const linkat = koffi.load(null).func("int linkat(int, const char *, int, const char *, int)");
    const nameOf = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]));
    return (descriptor, path) => {
      // By its path here: to name a file by its descriptor alone, a process needs a capability (linkat(2)).
      const from = `/proc/self/fd/${descriptor}`;
      if (linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) === 0) return;
      const number = koffi.errno();
      const code = nameOf.get(number) ?? `E${number}`;
      throw Object.assign(new Error(`${code}: linkat '${path}'`), {
        ...{ code, path, errno: -number, syscall: "linkat" },
      });
    };
  } catch {
    return undefined; // koffi has no build for this machine: files get temporary names
  }
}
