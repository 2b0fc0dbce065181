import { createHash } from "node:crypto";
import { lstatSync, renameSync } from "node:fs";
import { type FileHandle, statfs } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ConfigError, type Floor, HostError, type Piece, roomIn } from "@brigade/core";
import { diskError } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";
import { RoomLeft } from "../disk/room-left.ts";
import { syncFolder } from "../own-files/durable-file.ts";
import { type EnteredFolder, withShownPath } from "../own-files/entered-folder.ts";
import { removeFile } from "../own-files/removal.ts";
import { type Control, writeControl } from "./control-file.ts";
import { Pieces } from "./pieces.ts";

/** What is being brought here. */
export interface Remote {
  /** Without user, password and query: it is kept beside the file. */
  readonly url: string;
  /** Bytes, where they are known. */
  readonly length: number | undefined;
  /**
   * Distinguishes this state of the remote file from any other; absent: another process cannot go on with
   * it.
   */
  readonly validator: Control["validator"] | undefined;
}

/**
 * A file that is coming: `<target>.part`, and beside it what is known of it (`.part.json`) and a
 * lock (`.part.lock`). It gets its name when it is whole and synced. A killed process leaves what
 * the next one goes on with.
 */
export interface PartFile extends AsyncDisposable {
  readonly path: string;
  /** The path for system calls, while it is open. */
  readonly atHand: string;
  /** Synced, in order. At the beginning: what an earlier process left. */
  readonly finished: readonly Piece[];
  /** Why bytes that were there are not used. */
  readonly startedOver: string | undefined;
  /** Several may run at once, never on the same bytes. */
  write(offset: number, chunks: readonly Uint8Array[]): Promise<void>;
  /** What was written before the call is safe after it, and among the finished. One at a time. */
  sync(): Promise<void>;
  /** Of its first `length` bytes, in lower-case hex digits. */
  digest(algorithm: string, length: number, signal: AbortSignal): Promise<string>;
  /** Makes the bytes that are there worthless: the next process begins anew. */
  disown(): Promise<void>;
  /** Gives the file its name, with `length` bytes, durably. */
  complete(length: number): Promise<void>;
  /** Removes the file with all that lies beside it. */
  remove(): Promise<void>;
}

/**
 * Throws ConfigError where something is in the target's place: a file that is not to be
 * overwritten, or no file.
 */
export function refuseExisting(folder: EnteredFolder, target: string, overwrite: boolean): void {
  const there = lstatSync(folder.at(basename(target)), { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!overwrite)
    throw new ConfigError([`${target} is there already: give --overwrite, or another name with -o`]);
  if (!there.isFile() && !there.isSymbolicLink())
    throw new ConfigError([`${target} is no file that could be overwritten: give another name with -o`]);
}

interface Opened {
  readonly target: string;
  /** The target's. It is left when the part is closed. */
  readonly folder: EnteredFolder;
  readonly remote: Remote;
  readonly finished: readonly Piece[];
  readonly startedOver: string | undefined;
  readonly overwrite: boolean;
  readonly minFree: Floor;
  readonly lock: Disposable;
}

export class OpenPartFile implements PartFile {
  readonly path: string;
  readonly atHand: string;
  readonly startedOver: string | undefined;
  readonly #file: FileHandle;
  readonly #opened: Opened;
  readonly #written: Pieces;
  #finished: readonly Piece[];
  #closed = false;
  /** Where it is not known how long it becomes. */
  readonly #roomLeft: RoomLeft | undefined;

  readonly #name: string;

  /** `name`: the part's. */
  constructor(file: FileHandle, name: string, opened: Opened) {
    this.path = join(dirname(opened.target), name);
    this.atHand = opened.folder.at(name);
    this.#name = name;
    this.startedOver = opened.startedOver;
    this.#file = file;
    this.#opened = opened;
    this.#roomLeft = opened.remote.length === undefined ? new RoomLeft(opened.minFree) : undefined;
    this.#written = new Pieces(opened.finished);
    this.#finished = this.#written.list;
  }

  get finished(): readonly Piece[] {
    return this.#finished;
  }

  async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    await this.#disk(async () => {
      let at = offset;
      for (let rest = chunks; rest.length > 0; ) {
        const { bytesWritten } = await this.#file.writev(rest, at);
        at += bytesWritten;
        rest = after(rest, bytesWritten);
      }
      this.#written.add({ from: offset, to: at });
      if (this.#roomLeft?.isToLook(at - offset) === true) await this.#assertRoomLeft(this.#roomLeft);
    });
  }

  async sync(): Promise<void> {
    const written = this.#written.list;
    if (written === this.#finished) return;
    await this.#disk(async () => {
      await this.#file.datasync();
      const { folder, remote } = this.#opened;
      const { url, length, validator } = remote;
      if (validator !== undefined && length !== undefined) {
        const finished = written.map(({ from, to }): [number, number] => [from, to]);
        await writeControl(folder, `${this.#name}.json`, { version: 1, url, validator, length, finished });
      }
    });
    this.#finished = written;
  }

  async digest(algorithm: string, length: number, signal: AbortSignal): Promise<string> {
    const hash = createHash(algorithm);
    if (length === 0) return hash.digest("hex");
    const bytes = this.#file.createReadStream({
      start: 0,
      end: length - 1,
      highWaterMark: 1024 * 1024,
      autoClose: false,
      signal,
    });
    await this.#disk(async () => {
      for await (const chunk of bytes) {
        hash.update(chunk);
        noteProgress();
      }
    }, signal);
    return hash.digest("hex");
  }

  async disown(): Promise<void> {
    await this.#disk(async () => removeFile(this.#opened.folder.at(`${this.#name}.json`)));
  }

  async remove(): Promise<void> {
    await this.disown();
    await this.#disk(async () => removeFile(this.atHand));
  }

  async complete(length: number): Promise<void> {
    const { target, folder, overwrite } = this.#opened;
    await this.#disk(async () => {
      await this.#file.truncate(length);
      await this.#file.sync();
      // The name may have been taken meanwhile.
      refuseExisting(folder, target, overwrite);
      withShownPath(() => renameSync(this.atHand, folder.at(basename(target))));
      syncFolder(folder.path);
      removeFile(folder.at(`${this.#name}.json`));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      await this.#file.close();
    } catch {
      // All bytes that count as finished were synced; the others are fetched again.
    } finally {
      this.#opened.lock[Symbol.dispose]();
      this.#opened.folder[Symbol.dispose]();
    }
  }

  async #assertRoomLeft(room: RoomLeft): Promise<void> {
    if (room.isLeft(roomIn(await statfs(this.path)), 0, { isMeasured: false })) return;
    throw new HostError(
      "full",
      `${this.path}: its final length is not known, and its disk has no room for more of it (MIN_FREE)`,
    );
  }

  async #disk(call: () => Promise<void>, signal?: AbortSignal): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (error instanceof ConfigError || signal?.aborted === true) throw error;
      throw diskError(error, this.path);
    }
  }
}

/** Returns what is left of the chunks after this many bytes. */
function after(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skipped = bytes;
  for (const [index, chunk] of chunks.entries()) {
    if (skipped < chunk.byteLength) return [chunk.subarray(skipped), ...chunks.slice(index + 1)];
    skipped -= chunk.byteLength;
  }
  return [];
}
