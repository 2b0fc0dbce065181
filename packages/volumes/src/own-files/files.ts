import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, renameSync } from "node:fs";
import { type EnteredFolder, ifThere, withShownPath } from "./entered-folder.ts";
import { enterFolder, inFolderOf, lookAtFile, NotOurs, notOurs } from "./own-path.ts";

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The largest size of a note. Bytes. */
export const noteBytes = 64 * 1024;

/** Makes a file that is not there, and opens it for writing. Throws the system's error. */
export function createFile(path: string, mode = 0o644): number {
  return withShownPath(() => openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode));
}

/** The same, for a path that may be brigade's own. Throws ConfigError too. */
export function createOwnFile(path: string, mode?: number): number {
  return inFolderOf(path, (folder, name) => createFile(folder.at(name), mode));
}

/**
 * Opens a file for reading. Returns `undefined` if there is none. Throws ConfigError if it is no
 * file, or the system's error.
 */
function openIn(folder: EnteredFolder, name: string): number | undefined {
  if (lookAtFile(folder, name) === undefined) return undefined;
  // Another may lie there by now: a pipe does not hold up, a link is not followed.
  const descriptor = withShownPath(() => openSync(folder.at(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  const stats = fstatSync(descriptor);
  if (stats.isFile()) return descriptor;
  closeSync(descriptor);
  throw notOurs(`${folder.path}/${name}`, stats, "a file");
}

/** Opens a file of brigade's own for reading. Returns `undefined` if there is none. */
export function openOwnFile(path: string): number | undefined {
  return ifThere(() => inFolderOf(path, openIn));
}

/**
 * Returns the bytes of a file; `undefined` if there is none. Throws ConfigError if it is no file,
 * or has more than `most` bytes.
 */
export function readIn(folder: EnteredFolder, name: string, most: number): Buffer | undefined {
  const descriptor = openIn(folder, name);
  if (descriptor === undefined) return undefined;
  try {
    const { size } = fstatSync(descriptor);
    if (size > most) throw tooLarge(`${folder.path}/${name}`, size, most);
    return readUpTo(descriptor, size);
  } finally {
    closeSync(descriptor);
  }
}

/** The same for a path that may be brigade's own. */
export function readOwnBytes(path: string, most: number): Buffer | undefined {
  return ifThere(() => inFolderOf(path, (folder, name) => readIn(folder, name, most)));
}

/** Reads a note of brigade's own. */
export function readOwnNote(path: string): string | undefined {
  return readOwnBytes(path, noteBytes)?.toString();
}

/** Returns the names in a folder of brigade's own; none if it does not exist. */
export function listOwnFolder(path: string): string[] {
  const names = ifThere(() => {
    using folder = enterFolder(path);
    return readdirSync(folder.at("."));
  });
  return names ?? [];
}

/** Renames a file, over an older one. `from`: at hand, or in the same folder. */
export function renameOwnFile(from: string, to: string): void {
  inFolderOf(to, (folder, name) => withShownPath(() => renameSync(from, folder.at(name))));
}

function readUpTo(descriptor: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let filled = 0;
  for (let count = -1; count !== 0 && filled < size; filled += count)
    count = readSync(descriptor, bytes, filled, size - filled, filled);
  return bytes.subarray(0, filled);
}

export function tooLarge(path: string, size: number, most: number): NotOurs {
  return new NotOurs([`${path} has ${size} bytes, and brigade writes ${most} at most: remove it`]);
}
