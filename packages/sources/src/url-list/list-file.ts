import { createReadStream, lstatSync, statSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { databaseError, FatalError, SourceError } from "@brigade/core";
import type { StateFolder } from "../pages/state-folder.ts";
import { ifDamaged, ListIndex, ListIndexWriter } from "./list-index.ts";
import { LineError, parseLine } from "./list-line.ts";
import { readLines } from "./read-lines.ts";

/** Lines between two checks of the free room on the disk of the index. */
const roomEvery = 5_000;

/** The origin of a list. */
export interface ListFile {
  /** A path; `undefined` for standard input. */
  readonly path: string | undefined;
  /** For messages: its last part, or `stdin`. */
  readonly label: string;
}

/**
 * The index of a list, kept in `folder` under the source's name. It is read again only when the
 * file has changed. Standard input is read each time, unless it is empty: then the list from before
 * counts, so that a run can be resumed. Throws SourceError if the list cannot be read, FatalError
 * if its index cannot be kept: that is no fault of a volume, although the index may lie on one.
 */
export async function openList(
  file: ListFile,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListIndex> {
  try {
    return await open(file, options, signal);
  } catch (error) {
    if (signal.aborted || error instanceof SourceError || error instanceof FatalError) throw error;
    throw unkept(file.label, options.folder.path, error);
  }
}

function unkept(label: string, folder: string, cause: unknown): FatalError {
  const known = databaseError(cause, { what: `the index of the list ${label} in`, path: folder, ifDamaged });
  const why = cause instanceof Error ? cause.message : String(cause);
  const message = known?.message ?? `the index of the list ${label} cannot be kept in ${folder}: ${why}`;
  return new FatalError(message, { cause });
}

export interface ListOptions {
  readonly folder: StateFolder;
  /** The source's name. */
  readonly name: string;
  readonly stdin: Readable;
}

async function open(
  file: ListFile,
  { folder, name, stdin }: ListOptions,
  signal: AbortSignal,
): Promise<ListIndex> {
  folder.make();
  // Somebody else may have prepared the disk.
  if (!lstatSync(folder.path).isDirectory())
    throw new FatalError(`${folder.path} is a link, not a folder: remove it`);
  const path = join(folder.path, `${name}.sqlite`);
  const origin = originOf(file);
  using unused = new DisposableStack();
  const kept = openKept(path);
  unused.adopt(kept, (index) => index?.[Symbol.dispose]());
  const isSame = kept?.origin === origin;
  if (isSame && file.path !== undefined) {
    unused.move();
    return kept;
  }
  const bytes = addAbortSignal(
    signal,
    file.path === undefined ? stdin : createReadStream(file.path, { highWaterMark: 256 * 1024 }),
  );
  // A file of its own, because others may read a list of this name: the last to finish stays.
  const temporary = `${path}.${crypto.randomUUID()}`;
  try {
    const lines = await readInto(temporary, { bytes, label: file.label, origin, folder }, signal);
    if (isSame && lines === 0) {
      unused.move();
      return kept;
    }
    const index = new ListIndex(temporary);
    await rename(temporary, path);
    return index;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A mark of this state of the file. */
export function originOf({ path }: ListFile): string {
  if (path === undefined) return "standard input";
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new SourceError("misconfigured", `list:${path}: there is no such file`);
  const { size, mtimeMs, ino } = stats;
  return JSON.stringify([path, size, mtimeMs, ino]);
}

function openKept(path: string): ListIndex | undefined {
  let index: ListIndex | undefined;
  try {
    index = new ListIndex(path);
    if (index.origin !== undefined) return index;
  } catch {
    // Not there, no file of ours, unreadable, damaged, or of another version: it is made anew.
  }
  index?.[Symbol.dispose]();
  return undefined;
}

/** Returns the number of lines. */
async function readInto(
  path: string,
  {
    bytes,
    label,
    origin,
    folder,
  }: {
    readonly folder: StateFolder;
    readonly bytes: AsyncIterable<Uint8Array>;
    readonly label: string;
    readonly origin: string;
  },
  signal: AbortSignal,
): Promise<number> {
  using index = new ListIndexWriter(path);
  let last = 0;
  try {
    for await (const lines of readLines(bytes)) {
      for (const { number, text } of lines) {
        enterLine(index, number, text, label);
        last = number;
        if (number % roomEvery === 0 && !folder.hasRoom) throw noRoom(label, folder.path, number);
      }
    }
  } catch (error) {
    throw signal.aborted || error instanceof FatalError ? error : unreadable(label, last, error);
  }
  index.finish(origin);
  return last;
}

/** Checks the room: a list may be long, and a compressed one far longer than its file. */
function noRoom(label: string, folder: string, line: number): FatalError {
  return new FatalError(
    `the index of the list ${label} has no room in ${folder}, at line ${line}: no more than MIN_FREE is free there; make room, or set STATE_DIR`,
  );
}

function unreadable(label: string, line: number, cause: unknown): SourceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SourceError("misconfigured", `the list ${label} cannot be read, after line ${line}: ${why}`, {
    cause,
  });
}

/** Throws FatalError if the index cannot be written. */
function enterLine(index: ListIndexWriter, number: number, text: string | undefined, label: string): void {
  try {
    const problem = enter(index, number, text);
    if (problem !== undefined) index.addProblem(number, `${label}:${number}`, problem);
  } catch (error) {
    throw unkept(label, dirname(index.path), error);
  }
}

/** Returns the fault of the line. */
function enter(index: ListIndexWriter, number: number, text: string | undefined): string | undefined {
  if (text === undefined) return "longer than 64 KiB";
  try {
    const line = parseLine(text);
    const earlier = line === undefined ? undefined : index.add(number, line);
    return earlier === undefined ? undefined : `its key is that of line ${earlier}, which has another URL`;
  } catch (error) {
    if (error instanceof LineError) return error.message;
    throw error;
  }
}
