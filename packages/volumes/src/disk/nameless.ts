import { constants } from "node:fs";
import { AT_FDCWD, descriptors, heldPath } from "./held-path.ts";
import { libcErrorOf } from "./libc-errors.ts";
import { OpenDescriptors } from "./open-descriptors.ts";

/** Calls of Linux for files that have no name at first. All throw the system's error. */
export interface Nameless {
  /** Opens a new file in this folder for writing, and returns its descriptor. */
  open(folder: string): number;
  /** Gives an open file a name. Fails if something has that name. */
  link(descriptor: number, path: string): void;
  /** Node warns if it closes in a thread what it has not opened. */
  close(descriptor: number): void;
}

/** Linux's: the last link of the first path is followed; an empty path names the open file itself. */
const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;
/** Linux's, on all of its processors; Node has no names for them. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const O_CLOEXEC = 0o2000000;

/**
 * libc's calls, some of which Node does not have; `undefined` where they cannot be had. `open`: where
 * open files are noted.
 */
export async function loadNameless(
  open: Pick<OpenDescriptors, "add" | "delete"> = new OpenDescriptors(),
): Promise<Nameless | undefined> {
  if (process.platform !== "linux") return undefined;
  try {
    const { default: koffi } = await import("koffi");
    return namelessBy(koffi, open);
  } catch {
    return undefined; // koffi has no build for this machine: files get temporary names
  }
}

function namelessBy(
  koffi: typeof import("koffi").default,
  open: Pick<OpenDescriptors, "add" | "delete">,
): Nameless {
  const libc = koffi.load(null);
  const openat = libc.func("int openat(int, const char *, int, int)");
  const close = libc.func("int close(int)");
  const linkat = libc.func("int linkat(int, const char *, int, const char *, int)");
  const errorOf = libcErrorOf(koffi);
  /** Returns the result of a call; repeats it if a signal came first. */
  const done = (call: () => number): number => {
    let result = call();
    while (result < 0 && koffi.errno() === koffi.os.errno.EINTR) result = call();
    return result;
  };
  // An empty path costs less. It needs a capability (linkat(2)), or Linux 6.10 and a file that this
  // process has opened. Otherwise the file is named by its path below /proc.
  let mayBeEmpty = true;
  return {
    open(path) {
      const { folder, name } = heldPath(path);
      const flags = constants.O_WRONLY | O_TMPFILE | O_CLOEXEC;
      const descriptor = done(() => openat(folder, name, flags, 0o644));
      if (descriptor < 0) throw errorOf("open", path);
      open.add(descriptor);
      return descriptor;
    },
    link(descriptor, path) {
      const { folder, name } = heldPath(path);
      if (mayBeEmpty && linkat(descriptor, "", folder, name, AT_EMPTY_PATH) === 0) return;
      const from = `${descriptors}/${descriptor}`;
      if (done(() => linkat(AT_FDCWD, from, folder, name, AT_SYMLINK_FOLLOW)) !== 0)
        throw errorOf("linkat", path);
      mayBeEmpty = false;
    },
    close(descriptor) {
      open.delete(descriptor);
      // After EINTR, too, Linux has closed it.
      if (close(descriptor) !== 0 && koffi.errno() !== koffi.os.errno.EINTR) throw errorOf("close");
    },
  };
}
