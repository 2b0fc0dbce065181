import { type Dir, type Dirent, lstatSync, opendirSync, type Stats } from "node:fs";
import { escapeLone, textOf } from "@brigade/core";
import { errorCode } from "../disk/disk-errors.ts";
import { keyAt } from "../names/object-path.ts";
import type { ObjectIndex } from "./object-index.ts";

/** A file that no line names, or a folder that cannot be read. */
export interface Stray {
  readonly source: string;
  /** Below `<volume>/<source>/`. */
  readonly path: string;
  /**
   * What is wrong with it, where no look can show more: a folder that cannot be read, a name that
   * cannot be used.
   */
  readonly known?: { readonly problem: "extra" | "unreadable"; readonly reason: string };
}

/** Something that is not named, as it is now. */
export interface StrayFile {
  readonly size: number;
  readonly changedAt: number;
  readonly reason?: string;
}

/**
 * Goes through all folders of these sources; gives what the index does not know, and nothing now
 * and then (`undefined`), for others to have their turn. Folders that wait are kept in the index:
 * neither their number nor their depth takes memory.
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
  for (let folder = index.popFolder(); folder !== undefined; folder = index.popFolder()) {
    const { source, path } = folder;
    let opened: Dir;
    try {
      opened = openNames(path === "" ? `${root}/${source}` : `${root}/${source}/${path}`);
    } catch (error) {
      const reason = whyUnreadable(error);
      if (reason !== undefined) yield { source, path, known: { problem: "unreadable", reason } };
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
      const name = nameOf(entry);
      const below = path === "" ? name : `${path}/${name}`;
      if (!name.isWellFormed()) yield undecoded(source, below, entry);
      else if (entry.isDirectory()) index.addFolder(source, below);
      else if (!isNamed(source, below, index)) yield { source, path: below };
      entries += 1;
      if (entries % 1000 === 0) yield undefined;
    }
  } catch (error) {
    const reason = whyUnreadable(error);
    if (reason !== undefined) yield { source, path, known: { problem: "unreadable", reason } };
  } finally {
    opened.closeSync();
  }
}

function undecoded(source: string, path: string, entry: Dirent): Stray {
  const problem = entry.isDirectory() ? "unreadable" : "extra";
  return { source, path: escapeLone(path, "\\x"), known: { problem, reason: "its name is not UTF-8" } };
}

export function isNamed(source: string, path: string, index: ObjectIndex): boolean {
  const key = keyAt(path);
  return key !== undefined && index.find(source, key)?.path === path;
}

/** `undefined` if it is gone. */
export function strayFile(root: string, { source, path }: Stray): StrayFile | undefined {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(`${root}/${source}/${path}`, { throwIfNoEntry: false });
  } catch (error) {
    return { size: 0, changedAt: 0, reason: whyUnreadable(error) ?? "it cannot be read" };
  }
  if (stats === undefined) return undefined;
  const { size, ctimeMs } = stats;
  return { size, changedAt: ctimeMs, ...(!stats.isFile() && { reason: "it is no regular file" }) };
}

/**
 * Names as bytes: in text, one that is not UTF-8 would be that of another file. Node's types do not
 * know this encoding.
 */
function openNames(folder: string): Dir {
  return opendirSync(folder, { encoding: "buffer" as BufferEncoding, bufferSize: 1024 });
}

function nameOf({ name }: Dirent): string {
  return textOf(name as unknown as Buffer);
}

/** `undefined` if it is gone. */
function whyUnreadable(error: unknown): string | undefined {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENOTDIR") return undefined;
  if (!/^E[A-Z0-9]+$/.test(code)) throw error;
  return error instanceof Error ? error.message : String(error);
}
