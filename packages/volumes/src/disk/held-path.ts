/** Here Linux shows what a descriptor leads to. */
export const descriptors = "/proc/self/fd";
const held = `${descriptors}/`;
const decimal = /^(?:0|[1-9]\d*)$/;

/** Linux's: a path is looked up from the working folder. */
export const AT_FDCWD = -100;

/** What Linux's calls with "at" in their names take: a folder's descriptor, and a path from there. */
export interface HeldPath {
  readonly folder: number;
  readonly name: string;
}

/** Returns the path of a name in a folder that is held by this descriptor. */
export function pathIn(folder: number, name: string): string {
  return `${descriptors}/${folder}/${name}`;
}

/**
 * Takes apart what `pathIn` returns: a folder that is held is not looked up again. Any other path is
 * taken as a whole. Throws TypeError for a path that a system call would read only in part.
 */
export function heldPath(path: string): HeldPath {
  if (path.includes("\0")) throw new TypeError(`a path has a NUL byte: ${JSON.stringify(path)}`);
  const slash = path.startsWith(held) ? path.indexOf("/", held.length) : -1;
  const folder = slash < 0 ? "" : path.slice(held.length, slash);
  // With a slash at its start, the name would be looked up from the root.
  const hasName = slash + 1 < path.length && path[slash + 1] !== "/";
  if (!hasName || !decimal.test(folder)) return { folder: AT_FDCWD, name: path };
  return { folder: Number(folder), name: path.slice(slash + 1) };
}
