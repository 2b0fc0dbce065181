import { createHash, hash } from "node:crypto";
import { closeSync } from "node:fs";
import { type NewObject, SourceError } from "@brigade/core";
import { writeAll } from "../own-files/durable-file.ts";
import type { FileTimes } from "./file-times.ts";
import type { NewFile } from "./new-file.ts";

/**
 * A file that is whole and checked, and still open for writing: to be synced, then closed, and
 * given its place.
 */
export interface WholeFile {
  readonly file: NewFile;
  readonly size: number;
  readonly md5: string;
  readonly verified: boolean;
  /** Its own modification time, where it could not be given the object's. */
  readonly fileModified?: number;
}

/** All bytes of a file, and their MD5 where it is known. */
export interface WholeBody {
  readonly bytes: Uint8Array;
  readonly md5?: string | undefined;
}

/** Writes a file at once. Nothing remains of it when this throws. */
export function writeWhole(
  create: () => NewFile,
  object: NewObject,
  { bytes, md5 = hash("md5", bytes, "hex") }: WholeBody,
  times: FileTimes,
): WholeFile {
  assertExpected(object, bytes.length, md5);
  const incoming = new OpenFile(create(), object, times);
  incoming.write(bytes);
  return incoming.complete(md5);
}

/** A file that arrives in pieces. After an error nothing remains of it. */
export class IncomingFile {
  readonly #file: OpenFile;
  readonly #object: NewObject;
  readonly #md5 = createHash("md5");

  constructor(file: NewFile, object: NewObject, times: FileTimes) {
    this.#object = object;
    this.#file = new OpenFile(file, object, times);
  }

  /** Throws SourceError when more comes than was expected: nothing of that is written. */
  write(chunk: Uint8Array): void {
    const { key, expectedSize } = this.#object;
    const size = this.#file.size + chunk.length;
    if (expectedSize !== undefined && size > expectedSize) {
      this.#file.remove();
      throw new SourceError("damaged", `${key}: more than the ${expectedSize} bytes came that were expected`);
    }
    this.#file.write(chunk);
    this.#md5.update(chunk);
  }

  finish(): WholeFile {
    const md5 = this.#md5.digest("hex");
    try {
      assertExpected(this.#object, this.#file.size, md5);
    } catch (error) {
      this.#file.remove();
      throw error;
    }
    return this.#file.complete(md5);
  }

  abort(): void {
    this.#file.remove();
  }
}

class OpenFile {
  readonly #file: NewFile;
  readonly #object: NewObject;
  readonly #times: FileTimes;
  #open = true;
  size = 0;

  constructor(file: NewFile, object: NewObject, times: FileTimes) {
    this.#file = file;
    this.#object = object;
    this.#times = times;
  }

  write(bytes: Uint8Array): void {
    this.#orRemove(() => writeAll(this.#file.descriptor, bytes));
    this.size += bytes.length;
  }

  complete(md5: string): WholeFile {
    const { modified, expectedMd5 } = this.#object;
    const fileModified = this.#orRemove(() => this.#times.set(this.#file.descriptor, modified));
    this.#open = false;
    return {
      file: this.#file,
      size: this.size,
      md5,
      verified: expectedMd5 !== undefined,
      ...(fileModified !== undefined && { fileModified }),
    };
  }

  remove(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      if (!this.#file.isNameless) closeSync(this.#file.descriptor);
    } finally {
      this.#file.remove();
    }
  }

  #orRemove<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      try {
        this.remove();
      } catch {
        // The first error is the one to report. The file goes when the volume is opened again.
      }
      throw error;
    }
  }
}

/** Throws SourceError when these are not the bytes that were expected. */
export function assertExpected(
  { key, expectedSize, expectedMd5 }: NewObject,
  size: number,
  md5: string,
): void {
  if (expectedSize !== undefined && expectedSize !== size) {
    throw new SourceError("damaged", `${key}: ${size} bytes came, ${expectedSize} were expected`);
  }
  if (expectedMd5 !== undefined && expectedMd5 !== md5) {
    throw new SourceError("damaged", `${key}: the MD5 of what came is ${md5}, ${expectedMd5} was expected`);
  }
}
