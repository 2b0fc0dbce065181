import { constants, existsSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { ConfigError } from "@brigade/core";
import { diskError, errorCode } from "../disk-errors.ts";
import { syncFolder } from "../durable-file.ts";
import { tryLock } from "../lock.ts";
import { removeFile } from "../removal.ts";
import { type Control, readControl } from "./control-file.ts";
import { OpenPartFile, type PartFile, type Remote, refuseExisting } from "./part-file.ts";
import { reserve } from "./reserve.ts";

/** Another process fetches it. */
export class PartInUse extends ConfigError {}

/** Throws PartInUse; ConfigError when the target exists and is not to be overwritten; HostError, NameError. */
export async function openPartFile(
  target: string,
  remote: Remote,
  options: { readonly overwrite: boolean },
): Promise<PartFile> {
  try {
    if (!options.overwrite) await refuseExisting(target);
    for (;;) {
      const part = await tryOpen(target, remote, options.overwrite);
      if (part !== undefined) return part;
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw diskError(error, target);
  }
}

/** Nothing: it went away meanwhile, to be completed or removed by who had it locked. */
async function tryOpen(
  target: string,
  remote: Remote,
  overwrite: boolean,
): Promise<OpenPartFile | undefined> {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  const file = await open(`${target}.part`, O_RDWR | O_CREAT | O_NOFOLLOW, 0o644);
  let part: OpenPartFile | undefined;
  try {
    part = await take(file, target, remote, overwrite);
    return part;
  } finally {
    if (part === undefined) await file.close();
  }
}

async function take(
  file: FileHandle,
  target: string,
  remote: Remote,
  overwrite: boolean,
): Promise<OpenPartFile | undefined> {
  const path = `${target}.part`;
  const lock = lockOf(target);
  let part: OpenPartFile | undefined;
  try {
    if (!(await isAt(file, path)) || !existsSync(`${path}.lock`)) return undefined;
    const control = await readControl(`${path}.json`);
    const { size } = await file.stat();
    const startedOver = unfit(size, control, remote);
    const resumed = size > 0 && startedOver === undefined && control !== undefined && control !== "damaged";
    if (!resumed) {
      // Before its bytes change: a power cut must not bring it back beside others.
      removeFile(`${path}.json`);
      syncFolder(dirname(path));
      await file.truncate(0);
    }
    if (remote.length !== undefined) await reserveOrRemove(file, path, remote.length, size === 0);
    const finished = resumed ? control.finished.map(([from, to]) => ({ from, to })) : [];
    part = new OpenPartFile(file, { target, remote, finished, startedOver, overwrite, lock });
    return part;
  } finally {
    if (part === undefined) lock[Symbol.dispose]();
  }
}

/** Leaves no empty file where there can be no other. */
async function reserveOrRemove(
  file: FileHandle,
  path: string,
  length: number,
  isNew: boolean,
): Promise<void> {
  try {
    await reserve(file, path, length);
  } catch (error) {
    if (isNew) removeFile(path);
    throw error;
  }
}

/** Whether the open file has this name still: it may be the finished one by now. */
async function isAt(file: FileHandle, path: string): Promise<boolean> {
  const opened = await file.stat();
  try {
    const named = await stat(path);
    return named.ino === opened.ino && named.dev === opened.dev;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Gone when it is given back, and free when this process dies. */
function lockOf(target: string): Disposable {
  const path = `${target}.part.lock`;
  const lock = tryLock(path, 0);
  if (lock === undefined) throw new PartInUse([`${target}: another process is fetching it`]);
  return {
    [Symbol.dispose]() {
      try {
        removeFile(path);
      } catch {
        // A lock that stays is free all the same.
      } finally {
        lock[Symbol.dispose]();
      }
    },
  };
}

/** Why what lies there, `size` bytes, is not to be used; nothing when it is, or when nothing lies there. */
function unfit(
  size: number,
  control: Control | "damaged" | undefined,
  { length, validator }: Remote,
): string | undefined {
  if (size === 0) return undefined;
  if (control === undefined) return "nothing tells what is in it";
  if (control === "damaged") return "the notes on what is in it are damaged";
  if (validator === undefined) return "the server gives neither a strong ETag nor Last-Modified";
  const isSame = control.validator.kind === validator.kind && control.validator.value === validator.value;
  if (!isSame || control.length !== length) return "the file on the server has changed";
  return size === length ? undefined : "its length was changed";
}
