import { createHash, hash } from "node:crypto";
import { closeSync, constants, futimesSync, openSync, rmSync } from "node:fs";
import { type NewObject, SourceError } from "@brigade/core";
import { writeAll } from "./durable-file.ts";

/** A file that is whole and checked, under its temporary name. */
export interface WholeFile {
  readonly temporary: string;
  /** Still open for writing: to be synced, then closed. */
  readonly descriptor: number;
  readonly size: number;
  readonly md5: string;
  readonly verified: boolean;
}

const create = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/** Writes a file at once. Nothing remains of it when this throws. */
export function writeWhole(temporary: string, object: NewObject, bytes: Uint8Array): WholeFile {
  const md5 = hash("md5", bytes, "hex");
  assertExpected(object, bytes.length, md5);
  const incoming = new OpenFile(temporary, object);
  incoming.write(bytes);
  return incoming.complete(md5);
}

/** A file that arrives in pieces. After an error nothing remains of it. */
export class IncomingFile {
  readonly #file: OpenFile;
  readonly #object: NewObject;
  readonly #md5 = createHash("md5");

  constructor(temporary: string, object: NewObject) {
    this.#object = object;
    this.#file = new OpenFile(temporary, object);
  }

  write(chunk: Uint8Array): void {
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
  readonly #temporary: string;
  readonly #object: NewObject;
  readonly #descriptor: number;
  #open = true;
  size = 0;

  constructor(temporary: string, object: NewObject) {
    this.#temporary = temporary;
    this.#object = object;
    this.#descriptor = openSync(temporary, create, 0o644);
  }

  write(bytes: Uint8Array): void {
    this.#orRemove(() => writeAll(this.#descriptor, bytes));
    this.size += bytes.length;
  }

  complete(md5: string): WholeFile {
    const { modified, expectedMd5 } = this.#object;
    this.#orRemove(() => futimesSync(this.#descriptor, modified, modified));
    this.#open = false;
    return {
      temporary: this.#temporary,
      descriptor: this.#descriptor,
      size: this.size,
      md5,
      verified: expectedMd5 !== undefined,
    };
  }

  remove(): void {
    if (!this.#open) return;
    this.#open = false;
    try {
      closeSync(this.#descriptor);
    } finally {
      rmSync(this.#temporary, { force: true });
    }
  }

  #orRemove(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.remove();
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
