/** Here Linux shows what a descriptor leads to. */
export const descriptors = "/proc/self/fd";

/** Linux's: a path is looked up from the working folder. */
const AT_FDCWD = -100;

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
 * taken as a whole.
 */
export function heldPath(path: string): HeldPath {
  const from = descriptors.length + 1;
  const slash = path.startsWith(descriptors) ? path.indexOf("/", from) : -1;
  if (slash === -1) return { folder: AT_FDCWD, name: path };
  return { folder: Number(path.slice(from, slash)), name: path.slice(slash + 1) };
}
