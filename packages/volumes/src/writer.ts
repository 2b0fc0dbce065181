import { lstatSync, type Stats, statfsSync } from "node:fs";
import type { NewObject, StoredObject } from "@brigade/core";
import { adopt } from "./adopting.ts";
import type { Bindings } from "./bindings.ts";
import type { Commit, Settle } from "./commit.ts";
import { isLimit, isPlaceFault } from "./disk-errors.ts";
import type { FileTimes } from "./file-times.ts";
import { IncomingFile, writeWhole } from "./incoming-file.ts";
import { Parts } from "./parts.ts";
import type { Place, Placing } from "./placing.ts";
import type { LocalRoom, Taken, TreeObject } from "./room.ts";
import { take } from "./taking.ts";
import { Trees } from "./trees.ts";

export interface WriterParts {
  readonly root: string;
  readonly bindings: Bindings;
  readonly placing: Placing;
  readonly commit: Commit;
  readonly times: FileTimes;
  /** A path for a temporary file that nobody uses. */
  readonly nextTemporary: () => string;
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

  constructor(parts: WriterParts) {
    this.#parts = parts;
    const prepare = (object: NewObject) => this.#prepare(object);
    this.parts = new Parts({ ...parts, folder: parts.partsFolder, prepare });
  }

  /** Calls `free` once the bytes are needed no more; not when it throws. */
  put(object: NewObject, bytes: Uint8Array, settle: Settle<StoredObject>, free: () => void): void {
    const { commit, nextTemporary, times } = this.#parts;
    const place = this.#prepare(object);
    const write = () => {
      try {
        commit.addWritten(object, place, writeWhole(nextTemporary(), object, bytes, times), settle);
      } catch (error) {
        // With fewer files open at once it goes on, as soon as some are closed.
        if (isLimit(error) && commit.keepFewerOpen()) return commit.admit(write);
        settle.reject(error);
      }
      free();
    };
    commit.admit(write);
  }

  open(sink: number, object: NewObject): void {
    const place = this.#prepare(object);
    const file = new IncomingFile(this.#parts.nextTemporary(), object, this.#parts.times);
    this.#sinks.set(sink, { object, place, file });
  }

  write(sink: number, chunk: Uint8Array): void {
    this.#sink(sink).file.write(chunk);
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

  present(source: string, files: readonly { path: string; size: number }[]): boolean[] {
    return files.map(({ path, size }) => {
      if (path.split("/").includes("..")) return false;
      const entry = statOf(`${this.#parts.root}/${source}/${path}`);
      return entry?.isFile() === true && entry.size === size;
    });
  }

  room(): LocalRoom {
    const { bavail, bsize, frsize = bsize, blocks, ffree, files } = statfsSync(this.#parts.root);
    // Some file systems (btrfs, vfat) make inodes as they need them and report none.
    const counted = files > 0;
    return {
      bytes: bavail * frsize,
      inodes: counted ? ffree : Number.POSITIVE_INFINITY,
      totalBytes: blocks * frsize,
      totalInodes: counted ? files : Number.POSITIVE_INFINITY,
    };
  }

  /** Forgets unfinished files and waits for all commits. */
  async close(): Promise<void> {
    for (const sink of [...this.#sinks.keys()]) this.abort(sink);
    this.parts.stopAll();
    await this.#parts.commit.idle();
    await this.parts.closeAll();
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

function statOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    // A folder on the way is a file now or may not be read, or the name is none that this disk has.
    if (isPlaceFault(error)) return undefined;
    throw error;
  }
}
