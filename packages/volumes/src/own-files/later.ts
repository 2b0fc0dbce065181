import { constants } from "node:fs";
import { type FileHandle, lstat, open, realpath } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../disk/disk-errors.ts";
import { noteBytes, tooLarge } from "./files.ts";
import { assertFile, enterFolder, withoutLinksLater } from "./own-path.ts";

/*
 * For threads that must not wait for a disk. Between the look at a folder and what follows, its
 * path may come to lead elsewhere: so nothing is written here.
 */

/**
 * Opens a file of brigade's own for reading. Resolves with `undefined` if there is none. Rejects
 * with ConfigError if it is no file.
 */
export async function openOwnFileLater(path: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const folder = await withoutLinksLater(dirname(path));
    if ((await realpath(folder)) !== folder) enterFolder(folder)[Symbol.dispose](); // throws what is wrong
    assertFile(path, await lstat(path));
    return await asFile(await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Reads a note of brigade's own. Resolves with `undefined` if there is none. Rejects with
 * ConfigError if it is no file, or too large.
 */
export async function readOwnNoteLater(path: string): Promise<string | undefined> {
  await using file = await openOwnFileLater(path);
  if (file === undefined) return undefined;
  const { size } = await file.stat();
  if (size > noteBytes) throw tooLarge(path, size, noteBytes);
  return await file.readFile("utf8");
}

async function asFile(file: FileHandle, path: string): Promise<FileHandle> {
  try {
    assertFile(path, await file.stat());
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
