import { createHash } from "node:crypto";
import { closeSync, constants, openSync } from "node:fs";
import { lstat } from "node:fs/promises";
import type { NewObject, Piece, StoredObject } from "@brigade/core";
import type { Commit } from "../commit/commit.ts";
import { errorCode } from "../disk/disk-errors.ts";
import type { Place, Placing } from "../names/placing.ts";
import type { FileTimes } from "../new-files/file-times.ts";
import { assertExpected } from "../new-files/incoming-file.ts";
import { NamedFile } from "../new-files/new-file.ts";
import { withShownPath } from "../own-files/entered-folder.ts";
import { openPartFile, PartInUse } from "./open-part-file.ts";
import type { PartFile } from "./part-file.ts";

export interface PartsNeeds {
  readonly folder: string;
  readonly placing: Placing;
  readonly commit: Commit;
  readonly times: FileTimes;
  /** Makes the folder of an object's place. Throws if the object can have no place here. */
  readonly prepare: (object: NewObject) => Place;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/** What is known of a part when it is opened; as `Part` has it. */
export interface OpenedPart {
  readonly finished: readonly Piece[];
  readonly reserved: number;
  readonly startedOver: string | undefined;
}

interface OpenPart {
  readonly object: NewObject;
  readonly length: number;
  readonly file: PartFile;
  /** Ends the hashing. */
  readonly stop: AbortController;
}

/**
 * The parts of large objects on one volume. All work is done in small steps: the thread has small
 * files to commit too.
 */
export class Parts {
  readonly #needs: PartsNeeds;
  readonly #open = new Map<number, OpenPart>();

  constructor(needs: PartsNeeds) {
    this.#needs = needs;
  }

  /** Resolves with `undefined` if another process has the part open. */
  async open(id: number, object: NewObject, validator: string | undefined): Promise<OpenedPart | undefined> {
    const { source, key, expectedSize: length } = object;
    if (length === undefined) throw new Error("a part's size must be known");
    // An object that can have no place here is refused before its bytes come.
    this.#needs.prepare(object);
    this.#needs.guard();
    const remote = {
      url: `${source}/${key}`,
      length,
      validator: validator === undefined ? undefined : ({ kind: "state", value: validator } as const),
    };
    const before = await this.begun(object);
    try {
      const file = await openPartFile(this.#target(object), remote, { overwrite: true });
      this.#open.set(id, { object, length, file, stop: new AbortController() });
      const reserved = Math.max(0, (await this.begun(object)) - before);
      return { finished: file.finished, reserved, startedOver: file.startedOver };
    } catch (error) {
      if (error instanceof PartInUse) return undefined;
      throw error;
    }
  }

  /** Resolves with the bytes of the disk that a part of this object takes. */
  async begun(object: NewObject): Promise<number> {
    try {
      const { blocks } = await lstat(`${this.#target(object)}.part`);
      return blocks * 512;
    } catch (error) {
      if (errorCode(error) === "ENOENT") return 0;
      throw error;
    }
  }

  async write(id: number, offset: number, bytes: Uint8Array): Promise<void> {
    await this.#get(id).file.write(offset, [bytes]);
  }

  async sync(id: number): Promise<readonly Piece[]> {
    const { file } = this.#get(id);
    await file.sync();
    return file.finished;
  }

  async finish(id: number): Promise<StoredObject> {
    const { object, length, file, stop } = this.#get(id);
    const md5 = await file.digest("md5", length, stop.signal);
    try {
      assertExpected(object, length, md5);
    } catch (error) {
      await file.remove();
      throw error;
    }
    const stored = await this.#land(object, length, file.atHand, md5);
    try {
      await file.disown();
    } catch (error) {
      this.#needs.onWarning(error, "the notes on a part stay for some days");
    }
    return stored;
  }

  stop(id: number): void {
    this.#open.get(id)?.stop.abort();
  }

  async discard(id: number): Promise<void> {
    await this.#get(id).file.remove();
  }

  async close(id: number): Promise<void> {
    const part = this.#open.get(id);
    this.#open.delete(id);
    part?.stop.abort();
    await part?.file[Symbol.asyncDispose]();
  }

  stopAll(): void {
    for (const id of this.#open.keys()) this.stop(id);
  }

  async closeAll(): Promise<void> {
    for (const id of [...this.#open.keys()]) await this.close(id);
  }

  /**
   * The file gets its final name directly from here. Until then the next process can go on with it.
   */
  #land(object: NewObject, size: number, path: string, md5: string): Promise<StoredObject> {
    const { promise, ...completion } = Promise.withResolvers<StoredObject>();
    const place = this.#needs.prepare(object);
    const descriptor = withShownPath(() => openSync(path, constants.O_RDWR | constants.O_NOFOLLOW));
    let fileModified: number | undefined;
    try {
      fileModified = this.#needs.times.set(descriptor, object.modified);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
    const verified = object.expectedMd5 !== undefined;
    const file = { file: new NamedFile(path, descriptor), size, md5, verified };
    const dated = fileModified === undefined ? file : { ...file, fileModified };
    const { commit, placing } = this.#needs;
    commit.addNew(object, dated, placing.nameGiver(dated.file, place), completion);
    return promise;
  }

  #target({ source, fingerprint, key, variant }: NewObject): string {
    const name = createHash("sha256").update(JSON.stringify([source, fingerprint, key, variant]));
    return `${this.#needs.folder}/${name.digest("hex").slice(0, 40)}`;
  }

  #get(id: number): OpenPart {
    const part = this.#open.get(id);
    if (part === undefined) throw new Error("this part is closed");
    return part;
  }
}
