import { closeSync, ftruncateSync, lstatSync, writeSync } from "node:fs";
import { join } from "node:path";
import { textOf } from "@brigade/core";
import type { ManifestLine } from "../manifest/manifest-line.ts";
import { parseLine } from "../manifest/read-manifest.ts";
import type { EnteredFolder } from "../own-files/entered-folder.ts";
import { createFile, listOwnFolder, readOwnBytes } from "../own-files/files.ts";

const fileName = "landing.ndjson";

/**
 * What is about to get its place: the manifest lines that will be written when it has (without mapped paths). Written before
 * the sync of the files' data, so should the process die between renaming and the manifest, whoever finds the files knows them.
 */
export class Landing implements Disposable {
  readonly #path: string;
  #descriptor: number | undefined;

  /** `folder`: of the instance's unfinished files; empty. */
  constructor(folder: EnteredFolder) {
    this.#path = folder.at(fileName);
  }

  /** In place of what was noted before: that is in the manifest by now. Throws the system's error. */
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

/** A group of files has some thousand lines. */
const mostBytes = 64 * 1024 * 1024;

/** What an instance had noted; nothing where it had not, or its note is torn: then nothing of it was renamed. */
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

/** Folders of instances, dead and living. */
export function instancesIn(tmp: string): string[] {
  return listOwnFolder(tmp).filter(
    (name) => lstatSync(join(tmp, name), { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

/** Of all instances. */
export function readLandings(tmp: string): ManifestLine[] {
  return instancesIn(tmp).flatMap((instance) => readLanding(join(tmp, instance)));
}
