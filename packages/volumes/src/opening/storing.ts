import { HostError, type LocalRoom, NameError, type NewObject, type StoredObject } from "@brigade/core";
import type { Commit } from "../commit/commit.ts";
import type { Completion } from "../commit/entry.ts";
import type { OpenFiles } from "../commit/open-files.ts";
import { isFull, isLimit } from "../disk/disk-errors.ts";
import type { RoomLeft } from "../disk/room-left.ts";
import type { Place, Placing } from "../names/placing.ts";
import type { FileTimes } from "../new-files/file-times.ts";
import { IncomingFile, type WholeBody, type WholeFile, writeWhole } from "../new-files/incoming-file.ts";
import type { NewFiles } from "../new-files/new-files.ts";

export interface StoringNeeds {
  /** Makes the folder of an object's place. Throws if the object can have no place here. */
  readonly prepare: (object: NewObject) => Place;
  readonly placing: Placing;
  readonly commit: Commit;
  readonly openFiles: OpenFiles;
  readonly times: FileTimes;
  readonly newFiles: NewFiles;
  /** Of the disk. */
  readonly room: () => LocalRoom;
  /** Watches that the floor of the disk stays free. */
  readonly roomLeft: RoomLeft;
}

/** An object whose bytes are all there. */
interface WholePut {
  readonly object: NewObject;
  readonly place: Place;
  readonly body: WholeBody;
  readonly completion: Completion<StoredObject>;
  /** Called when the bytes are needed no more. */
  readonly free: () => void;
}

/** An object that comes as a stream. */
interface OpenSink {
  readonly object: NewObject;
  readonly place: Place;
  readonly file: IncomingFile;
}

/**
 * Writes new files and hands them to the commit. Methods throw what the system said; only the
 * commit answers later.
 */
export class Storing {
  readonly #needs: StoringNeeds;
  /** By the id of the command that opened it. */
  readonly #sinks = new Map<number, OpenSink>();

  constructor(needs: StoringNeeds) {
    this.#needs = needs;
  }

  /** Calls `free` once the bytes are needed no more; not when it throws. */
  put(object: NewObject, body: WholeBody, completion: Completion<StoredObject>, free: () => void): void {
    const { prepare, openFiles } = this.#needs;
    const put = { object, place: prepare(object), body, completion, free };
    if (openFiles.hasPlace) this.#write(put);
    else openFiles.hold(() => this.#write(put));
  }

  #write(put: WholePut): void {
    const { object, place, body, completion, free } = put;
    const { openFiles, newFiles, times } = this.#needs;
    try {
      this.#assertRoom(object, body.bytes.length);
      const whole = writeWhole(() => newFiles.create(), object, body, times);
      this.#commit(object, place, whole, completion);
    } catch (error) {
      // It goes on with fewer files open at once, as soon as some are closed.
      if (isLimit(error) && this.#keepFewerOpen()) {
        openFiles.hold(() => this.#write(put));
        return;
      }
      completion.reject(error);
    }
    free();
  }

  /** Returns `false` if none of the process's descriptors is held here. */
  #keepFewerOpen(): boolean {
    const { openFiles, newFiles } = this.#needs;
    newFiles.lower();
    return openFiles.lower();
  }

  open(sink: number, object: NewObject): void {
    const { prepare, newFiles, times } = this.#needs;
    const place = prepare(object);
    this.#sinks.set(sink, { object, place, file: new IncomingFile(newFiles.createNamed(), object, times) });
  }

  write(sink: number, chunk: Uint8Array): void {
    const { object, file } = this.#sink(sink);
    if (object.expectedSize === undefined) {
      this.#writeUnmeasured(object, file, chunk);
      return;
    }
    this.#assertRoom(object, chunk.length);
    file.write(chunk);
  }

  /**
   * Returns the key of the object that comes through this sink; `undefined` if the sink is closed.
   */
  keyOf(sink: number): string | undefined {
    return this.#sinks.get(sink)?.object.key;
  }

  finish(sink: number, completion: Completion<StoredObject>): void {
    const { object, place, file } = this.#sink(sink);
    this.#sinks.delete(sink);
    this.#commit(object, place, file.finish(), completion);
  }

  abort(sink: number): void {
    this.#sinks.get(sink)?.file.abort();
    this.#sinks.delete(sink);
  }

  /** Forgets unfinished files. */
  abortAll(): void {
    for (const sink of [...this.#sinks.keys()]) this.abort(sink);
  }

  #commit(object: NewObject, place: Place, whole: WholeFile, completion: Completion<StoredObject>): void {
    const { commit, placing } = this.#needs;
    commit.addNew(object, whole, placing.nameGiver(whole.file, place), completion);
  }

  /** Throws HostError `full` where the bytes would not leave the floor of the disk free. */
  #assertRoom({ key }: NewObject, bytes: number): void {
    const { roomLeft, room } = this.#needs;
    if (!roomLeft.isToLook(bytes) || roomLeft.isLeft(room(), bytes, { isMeasured: true })) return;
    throw new HostError("full", `${key}: no room is left above MIN_FREE: others write to the disk, too`);
  }

  /**
   * An object of unknown size that finds no room fails alone: the room that other objects were
   * promised is left.
   */
  #writeUnmeasured({ key }: NewObject, file: IncomingFile, chunk: Uint8Array): void {
    const { roomLeft, room } = this.#needs;
    const refuse = (cause?: unknown) =>
      new NameError(`${key}: its size is not known, and the volume has no room for more of it (MIN_FREE)`, {
        cause,
      });
    try {
      file.write(chunk);
    } catch (error) {
      throw isFull(error) ? refuse(error) : error;
    }
    const { length } = chunk;
    if (!roomLeft.isToLook(length) || roomLeft.isLeft(room(), 0, { isMeasured: false })) return;
    file.abort();
    throw refuse();
  }

  #sink(id: number): OpenSink {
    const sink = this.#sinks.get(id);
    if (sink === undefined) throw new Error("this sink is closed");
    return sink;
  }
}
