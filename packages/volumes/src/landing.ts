import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "./disk-errors.ts";
import type { ManifestLine } from "./manifest-line.ts";
import { parseLine } from "./read-manifest.ts";

const fileName = "landing.ndjson";

/**
 * What is about to get its place: the manifest lines that will be written when it has (without mapped paths). Written before
 * the sync of the files' data, so should the process die between renaming and the manifest, whoever finds the files knows them.
 */
export class Landing implements Disposable {
  readonly #path: string;
  #descriptor: number | undefined;

  /** `folder`: of the instance's unfinished files. */
  constructor(folder: string) {
    this.#path = join(folder, fileName);
  }

  /** In place of what was noted before: that is in the manifest by now. Throws the system's error. */
  note(lines: string): void {
    this.#descriptor ??= openSync(this.#path, "w", 0o644);
    ftruncateSync(this.#descriptor, 0);
    const bytes = Buffer.from(lines);
    for (let written = 0; written < bytes.length; ) {
      written += writeSync(this.#descriptor, bytes, written, bytes.length - written, written);
    }
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** What an instance had noted; nothing where it had not, or its note is torn: then nothing of it was renamed. */
export function readLanding(folder: string): ManifestLine[] {
  let text: string;
  try {
    text = readFileSync(join(folder, fileName), "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return [];
    throw error;
  }
  return text.split("\n").flatMap((line) => {
    const parsed = line === "" ? "" : parseLine(line);
    return typeof parsed === "string" || "lost" in parsed ? [] : [parsed];
  });
}

/** Of all instances, dead and living. */
export function readLandings(tmp: string): ManifestLine[] {
  return readdirSync(tmp).flatMap((instance) => readLanding(join(tmp, instance)));
}
