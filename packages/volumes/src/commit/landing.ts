import { closeSync, ftruncateSync, lstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import { textOf } from "@brigade/core";
import type { ManifestLine } from "../manifest/manifest-line.ts";
import { parseLine } from "../manifest/read-manifest.ts";
import type { EnteredFolder } from "../own-files/entered-folder.ts";
import { createFile, listOwnFolder, readOwnBytes } from "../own-files/files.ts";

const fileName = "landing.ndjson";

/**
 * Notes the files that are about to get their names: the manifest lines that will be written then,
 * without mapped paths. The note is written before the sync of the files' data. If the process dies
 * after naming files and before writing the manifest, the next opening and `verify` know the files
 * from it.
 */
export class Landing implements Disposable {
  readonly #path: string;
  #descriptor: number | undefined;

  /** `folder`: of the instance's unfinished files, without a note. */
  constructor(folder: EnteredFolder) {
    this.#path = folder.at(fileName);
  }

  /** Replaces what was noted before: that is in the manifest by now. Throws the system's error. */
  note(lines: string): void {
    this.#descriptor ??= createFile(this.#path);
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

/** Bytes; the note of a group has a few thousand lines. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Returns what an instance had noted. Empty if it had noted nothing, or if the note is torn: then
 * none of it was named.
 */
export function readLanding(folder: string): ManifestLine[] {
  const bytes = readOwnBytes(join(folder, fileName), mostBytes);
  if (bytes === undefined) return [];
  return textOf(bytes)
    .split("\n")
    .flatMap((line) => {
      const parsed = line === "" ? "" : parseLine(line);
      return typeof parsed === "string" || "lost" in parsed ? [] : [parsed];
    });
}

/** Returns the names of the folders of all instances, dead and living. */
export function instancesIn(tmp: string): string[] {
  return listOwnFolder(tmp).filter(
    (name) => lstatSync(join(tmp, name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

/** Returns what all instances have noted. */
export function readLandings(tmp: string): ManifestLine[] {
  return instancesIn(tmp).flatMap((instance) => readLanding(join(tmp, instance)));
}
