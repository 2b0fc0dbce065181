import { type Dir, lstatSync, opendirSync, type Stats } from "node:fs";
import { errorCode } from "../disk-errors.ts";
import type { ObjectIndex } from "./object-index.ts";
import { keyAt } from "./object-path.ts";

/** A file that no line names, or a folder that cannot be read. */
export interface Stray {
  readonly source: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  /** Of a folder: why it cannot be read. */
  readonly unreadable?: string;
}

/** Something that is not named, as it is now. */
export interface StrayFile {
  readonly size: number;
  readonly changedAt: number;
  readonly reason?: string;
}

/**
 * Goes through all folders of these sources; gives what the index does not know, and nothing now and then (`undefined`),
 * for others to have their turn. Folders that wait are kept in the index: neither their number nor their depth takes memory.
 */
export function* straysOf(
  root: string,
  sources: readonly string[],
  index: ObjectIndex,
): Generator<Stray | undefined> {
  index.clearFolders();
  for (const source of sources) {
    if (lstatSync(`${root}/${source}`, { throwIfNoEntry: false })?.isDirectory()) index.addFolder(source, "");
  }
  for (let folder = index.takeFolder(); folder !== undefined; folder = index.takeFolder()) {
    const { source, path } = folder;
    let opened: Dir;
    try {
      opened = opendirSync(path === "" ? `${root}/${source}` : `${root}/${source}/${path}`, {
        bufferSize: 1024,
      });
    } catch (error) {
      const reason = whyUnreadable(error, path);
      if (reason !== undefined) yield { source, path, unreadable: reason };
      continue;
    }
    yield* straysIn(opened, folder, index);
    yield undefined;
  }
}

function* straysIn(
  opened: Dir,
  { source, path }: { source: string; path: string },
  index: ObjectIndex,
): Generator<Stray | undefined> {
  let entries = 0;
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) {
      const below = path === "" ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) index.addFolder(source, below);
      else if (!isNamed(source, below, index)) yield { source, path: below };
      entries += 1;
      if (entries % 1000 === 0) yield undefined;
    }
  } catch (error) {
    const reason = whyUnreadable(error, path);
    if (reason !== undefined) yield { source, path, unreadable: reason };
  } finally {
    opened.closeSync();
  }
}

export function isNamed(source: string, path: string, index: ObjectIndex): boolean {
  const key = keyAt(path);
  return key !== undefined && index.find(source, key)?.path === path;
}

/** Nothing when it is gone. */
export function strayFile(root: string, { source, path }: Stray): StrayFile | undefined {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(`${root}/${source}/${path}`, { throwIfNoEntry: false });
  } catch (error) {
    return { size: 0, changedAt: 0, reason: whyUnreadable(error, path) ?? "it cannot be read" };
  }
  if (stats === undefined) {
    return path.includes(undecodable) ? { size: 0, changedAt: 0, reason: notUnicode } : undefined;
  }
  const { size, ctimeMs } = stats;
  return { size, changedAt: ctimeMs, ...(!stats.isFile() && { reason: "it is no regular file" }) };
}

/** What Node puts in place of bytes that are no UTF-8: such a name cannot be opened again. */
const undecodable = "\ufffd";
const notUnicode = "its name is not UTF-8";

/** Nothing when it is gone. */
function whyUnreadable(error: unknown, path: string): string | undefined {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return path.includes(undecodable) ? notUnicode : undefined;
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return error instanceof Error ? error.message : String(error);
}
