import { lstatSync, type Stats, statfsSync } from "node:fs";
import { dirname } from "node:path";
import {
  type Floor,
  type LocalRoom,
  NameError,
  type NewObject,
  roomIn,
  type StoredObject,
} from "@brigade/core";
import { adopt, findNamed } from "../adoption/adopting.ts";
import { take } from "../adoption/taking.ts";
import { Trees } from "../adoption/trees.ts";
import type { Commit, Settle } from "../commit/commit.ts";
import { isFull, isLimit, isPlaceFault } from "../disk/disk-errors.ts";
import { RoomLeft } from "../disk/room-left.ts";
import type { Bindings } from "../identity/bindings.ts";
import type { Taken, TreeObject } from "../local-volume.ts";
import type { Place, Placing } from "../names/placing.ts";
import type { FileTimes } from "../new-files/file-times.ts";
import { IncomingFile, type WholeBody, writeWhole } from "../new-files/incoming-file.ts";
import type { NewFiles } from "../new-files/new-files.ts";
import { Parts } from "../parts/parts.ts";
import { Folders } from "../verify/check-file.ts";

/** Part of a disk: so much is left besides MIN_FREE, for objects whose sizes are known. */
const spare = 0.05;

export interface WriterParts {
  readonly root: string;
  /** What objects of unknown size leave free. */
  readonly minFree: Floor;
  readonly bindings: Bindings;
  readonly placing: Placing;
  readonly commit: Commit;
  readonly times: FileTimes;
  readonly newFiles: NewFiles;
  /** The folder of large objects that are coming. */
  readonly partsFolder: string;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/**
 * All work on one volume's disk. Everything here blocks (synchronous calls cost half as much for small files),
 * so it lives in a thread of its own. Methods throw what the system said; only commits answer later.
 */
export class Writer {
  readonly #parts: WriterParts;
  readonly #sinks = new Map<number, { object: NewObject; place: Place; file: IncomingFile }>();

  readonly parts: Parts;
  readonly #roomLeft: RoomLeft;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#roomLeft = new RoomLeft(parts.minFree, spare);
    const prepare = (object: NewObject) => this.#prepare(object);
    this.parts = new Parts({ ...parts, folder: parts.partsFolder, prepare });
  }

  /** Calls `free` once the bytes are needed no more; not when it throws. */
  put(object: NewObject, body: WholeBody, settle: Settle<StoredObject>, free: () => void): void {
    const { commit, newFiles, times } = this.#parts;
    const place = this.#prepare(object);
    const write = () => {
      try {
        commit.addWritten(
          object,
          place,
          writeWhole(() => newFiles.create(), object, body, times),
          settle,
        );
      } catch (error) {
        // With fewer files open at once it goes on, as soon as some are closed.
        if (isLimit(error)) {
          newFiles.lower();
          if (commit.keepFewerOpen()) return commit.admit(write);
        }
        settle.reject(error);
      }
      free();
    };
    commit.admit(write);
  }

  open(sink: number, object: NewObject): void {
    const place = this.#prepare(object);
    const file = new IncomingFile(this.#parts.newFiles.createNamed(), object, this.#parts.times);
    this.#sinks.set(sink, { object, place, file });
  }

  write(sink: number, chunk: Uint8Array): void {
    const { object, file } = this.#sink(sink);
    if (object.expectedSize !== undefined) file.write(chunk);
    else this.#writeUnmeasured(object, file, chunk);
  }

  /** Of the object that comes through this sink. */
  keyOf(sink: number): string | undefined {
    return this.#sinks.get(sink)?.object.key;
  }

  finish(sink: number, settle: Settle<StoredObject>): void {
    const { object, place, file } = this.#sink(sink);
    this.#sinks.delete(sink);
    this.#parts.commit.addWritten(object, place, file.finish(), settle);
  }

  abort(sink: number): void {
    this.#sinks.get(sink)?.file.abort();
    this.#sinks.delete(sink);
  }

  bind(source: string, fingerprint: string): void {
    this.#parts.bindings.bind(source, fingerprint);
  }

  claim(source: string): void {
    this.#parts.bindings.claim(source);
  }

  async adopt(objects: readonly NewObject[]): Promise<(StoredObject | undefined)[]> {
    for (const { source, fingerprint } of objects) this.#parts.bindings.bind(source, fingerprint);
    const { placing, commit, times } = this.#parts;
    return adopt(objects, placing, commit, times);
  }

  async take(objects: readonly TreeObject[]): Promise<Taken[]> {
    const { root, bindings, placing, commit, times } = this.#parts;
    if (commit.dead) throw commit.dead;
    for (const { source, fingerprint } of objects) bindings.bind(source, fingerprint);
    return take(objects, new Trees(root), placing, commit, times);
  }

  holds(source: string, keys: readonly string[]): boolean[] {
    const folders = new Folders(this.#parts.root);
    const below = `.brigade/damaged/${source}`;
    const hasAside = isReal(folders, below);
    return keys.map(
      (key) =>
        findNamed({ source, key }, this.#parts.placing) !== undefined ||
        (hasAside &&
          !key.split("/").includes("..") &&
          this.#fileAt(folders, `${below}/${key}`) !== undefined),
    );
  }

  present(source: string, files: readonly { path: string; size: number }[]): boolean[] {
    this.#parts.guard();
    const folders = new Folders(this.#parts.root);
    return files.map(({ path, size }) => {
      if (path.split("/").includes("..")) return false;
      return this.#fileAt(folders, `${source}/${path}`)?.size === size;
    });
  }

  /** A file at this path below the root; nothing where there is none, or only behind a link. */
  #fileAt(folders: Folders, path: string): Stats | undefined {
    if (!isReal(folders, dirname(path))) return undefined;
    const stats = statOf(`${this.#parts.root}/${path}`);
    return stats?.isFile() === true ? stats : undefined;
  }

  room(): LocalRoom {
    return roomIn(statfsSync(this.#parts.root));
  }

  /** Forgets unfinished files and waits for all commits. */
  async close(): Promise<void> {
    for (const sink of [...this.#sinks.keys()]) this.abort(sink);
    this.parts.stopAll();
    await this.#parts.commit.idle();
    await this.parts.closeAll();
  }

  /** An object of unknown size that finds no room has failed alone: the others' room was left. */
  #writeUnmeasured({ key }: NewObject, file: IncomingFile, chunk: Uint8Array): void {
    const refuse = (cause?: unknown) =>
      new NameError(`${key}: nobody knows its size, and the volume has no room for more of it (MIN_FREE)`, {
        cause,
      });
    try {
      file.write(chunk);
    } catch (error) {
      throw isFull(error) ? refuse(error) : error;
    }
    if (!this.#roomLeft.isToLook(chunk.length) || this.#roomLeft.isLeft(this.room())) return;
    file.abort();
    throw refuse();
  }

  #prepare({ source, fingerprint, key }: NewObject): Place {
    if (this.#parts.commit.dead) throw this.#parts.commit.dead;
    this.#parts.bindings.bind(source, fingerprint);
    return this.#parts.placing.prepare(source, key);
  }

  #sink(id: number): { object: NewObject; place: Place; file: IncomingFile } {
    const sink = this.#sinks.get(id);
    if (sink === undefined) throw new Error("this sink is closed");
    return sink;
  }
}

function isReal(folders: Folders, path: string): boolean {
  try {
    return folders.isReal(path);
  } catch (error) {
    if (isPlaceFault(error)) return false;
    throw error;
  }
}

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A folder on the way is a file now or may not be read, or the name is none that this disk has.
    if (isPlaceFault(error)) return undefined;
    throw error;
  }
}
