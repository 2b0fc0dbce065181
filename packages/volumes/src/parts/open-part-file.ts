import { constants, existsSync, lstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError, type Floor, HostError } from "@brigade/core";
import { diskError } from "../disk/disk-errors.ts";
import { syncFolder } from "../own-files/durable-file.ts";
import type { EnteredFolder } from "../own-files/entered-folder.ts";
import { tryLock } from "../own-files/lock.ts";
import { assertFile, enterFolder, lookAtFile, NotOurs } from "../own-files/own-path.ts";
import { removeFile, removeOwnFile } from "../own-files/removal.ts";
import { type Control, readControl } from "./control-file.ts";
import { OpenPartFile, type PartFile, type Remote, refuseExisting } from "./part-file.ts";
import { partName } from "./part-path.ts";
import { type Room, reserve } from "./reserve.ts";

/** Another process fetches it. */
export class PartInUse extends ConfigError {}

export interface PartOptions {
  readonly overwrite: boolean;
  /**
   * What is to stay free on the disk; by default nothing, as where a placement has promised the
   * room.
   */
  readonly minFree?: Floor;
  /**
   * Bytes: a shorter file takes its room as it is written, which saves the loading of what reserves
   * it. By default all reserve it.
   */
  readonly reserveFrom?: number;
}

const nothing: Floor = { amount: 0 };

interface Wanted extends Required<PartOptions> {
  readonly target: string;
  /** The target's. */
  readonly folder: EnteredFolder;
  readonly remote: Remote;
}

/**
 * Throws PartInUse; ConfigError when the target exists and is not to be overwritten; HostError,
 * also when what lies in a place of ours is no file; NameError.
 */
export async function openPartFile(
  target: string,
  remote: Remote,
  { overwrite, minFree = nothing, reserveFrom = 0 }: PartOptions,
): Promise<PartFile> {
  let folder: EnteredFolder | undefined;
  let part: PartFile | undefined;
  try {
    folder = enterFolder(dirname(target));
    refuseExisting(folder, target, overwrite);
    while (part === undefined)
      part = await tryOpen({ target, folder, remote, overwrite, minFree, reserveFrom });
    return part;
  } catch (error) {
    throw failureOf(error, target);
  } finally {
    if (part === undefined) folder?.[Symbol.dispose]();
  }
}

/** What is no file in a place of ours keeps this folder from being used. */
function failureOf(error: unknown, target: string): unknown {
  if (error instanceof NotOurs) return new HostError("io", error.message, { cause: error });
  return error instanceof ConfigError ? error : diskError(error, target);
}

/**
 * Returns `undefined` if the file has gone meanwhile: completed or removed by the process that had
 * it locked.
 */
async function tryOpen(wanted: Wanted): Promise<OpenPartFile | undefined> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const { folder, target } = wanted;
  const name = partName(basename(target));
  lookAtFile(folder, name);
  const file = await open(folder.at(name), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o644);
  let part: OpenPartFile | undefined;
  try {
    assertFile(join(folder.path, name), await file.stat());
    part = await claim(file, name, wanted);
    return part;
  } finally {
    if (part === undefined) await file.close();
  }
}

async function claim(file: FileHandle, name: string, wanted: Wanted): Promise<OpenPartFile | undefined> {
  const { folder, target, remote } = wanted;
  const lock = lockOf(folder, name, target);
  let part: OpenPartFile | undefined;
  try {
    if (!(await isAt(file, folder.at(name))) || !existsSync(folder.at(`${name}.lock`))) return undefined;
    const control = readControl(folder, `${name}.json`);
    const { size } = await file.stat();
    const startedOver = unfit(size, control, remote);
    const resumed = size > 0 && startedOver === undefined && control !== undefined && control !== "damaged";
    if (!resumed) {
      // Before its bytes change: a power cut must not bring it back beside others.
      removeFile(folder.at(`${name}.json`));
      syncFolder(folder.path);
      await file.truncate(0);
    }
    if (remote.length !== undefined)
      await reserveOrUndo(
        file,
        `${folder.path}/${name}`,
        { length: remote.length, minFree: wanted.minFree, reserveFrom: wanted.reserveFrom },
        resumed ? size : 0,
      );
    const finished = resumed ? control.finished.map(([from, to]) => ({ from, to })) : [];
    part = new OpenPartFile(file, name, { ...wanted, finished, startedOver, lock });
    return part;
  } finally {
    if (part === undefined) lock[Symbol.dispose]();
  }
}

/**
 * Where there is not enough room, none is taken from others: a call that fails may have taken all
 * that there was.
 */
async function reserveOrUndo(file: FileHandle, path: string, wanted: Room, size: number): Promise<void> {
  try {
    await reserve(file, path, wanted);
  } catch (error) {
    if (size === 0) removeOwnFile(path);
    else await file.truncate(size);
    throw error;
  }
}

/** Whether the open file has this name still: it may be the finished one by now. */
async function isAt(file: FileHandle, path: string): Promise<boolean> {
  const opened = await file.stat();
  const named = lstatSync(path, { throwIfNoEntry: false });
  return named?.ino === opened.ino && named.dev === opened.dev;
}

/** Gone when it is given back, and free when this process dies. */
function lockOf(folder: EnteredFolder, name: string, target: string): Disposable {
  const lock = tryLock(`${folder.path}/${name}.lock`, 0);
  if (lock === undefined) throw new PartInUse([`${target}: another process is fetching it`]);
  return {
    [Symbol.dispose]() {
      try {
        removeFile(folder.at(`${name}.lock`));
      } catch {
        // A lock that stays is free all the same.
      } finally {
        lock[Symbol.dispose]();
      }
    },
  };
}

/**
 * Returns why what lies there, `size` bytes, is not to be used; `undefined` if it is, or if nothing
 * lies there.
 */
function unfit(
  size: number,
  control: Control | "damaged" | undefined,
  { url, length, validator }: Remote,
): string | undefined {
  if (size === 0) return undefined;
  if (control === undefined) return "nothing shows what is in it";
  if (control === "damaged") return "the notes on what is in it are damaged";
  if (control.url !== url) return `it is of another URL, ${control.url}`;
  if (validator === undefined) return "the server gives neither a strong ETag nor Last-Modified";
  const isSame = control.validator.kind === validator.kind && control.validator.value === validator.value;
  if (!isSame || control.length !== length) return "the file on the server has changed";
  return size === length ? undefined : "its length was changed";
}
