import { volumeError } from "../disk/disk-errors.ts";
import { formatManifestLine } from "../manifest/manifest-line.ts";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { Answers } from "./answers.ts";
import type { Entry, Stored } from "./entry.ts";

export interface NamingNeeds {
  readonly manifest: ManifestWriter;
  readonly answers: Answers;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
  /** Called with each folder in which names have changed. */
  readonly folderChanged: (folder: string) => void;
  /** Called after the files of a group were given their names. */
  readonly onNamed: () => void;
}

/** The second step of a beat: files whose data is safe get their names, and lines in the manifest. */
export class Naming {
  readonly #needs: NamingNeeds;

  constructor(needs: NamingNeeds) {
    this.#needs = needs;
  }

  /** Returns those that have names and lines. The others have failed. */
  land(group: readonly Entry[]): readonly Entry[] {
    if (group.length === 0) return group;
    const { guard, answers, manifest } = this.#needs;
    guard();
    const landed = this.#nameAll(group);
    if (landed.length < group.length) answers.given();
    try {
      if (landed.length > 0) manifest.append(linesOf(landed));
      return landed;
    } catch (error) {
      // The files lie in place, unaccounted for; they are found when they are asked for again.
      answers.lose(landed, volumeError(error, "the manifest could not be written"));
      return [];
    }
  }

  /** Returns those that have got their names. */
  #nameAll(group: readonly Entry[]): readonly Entry[] {
    const landed: Entry[] = [];
    try {
      for (const entry of group) {
        try {
          entry.stored = this.#name(entry);
          landed.push(entry);
        } catch (error) {
          this.#needs.answers.failOne(entry, error);
        }
      }
      return landed;
    } finally {
      this.#needs.onNamed();
    }
  }

  #name({ object, facts, name, storedAt = Date.now() }: Entry): Stored {
    const { folderChanged } = this.#needs;
    let path = name;
    let { fileModified } = facts;
    if (typeof path !== "string") {
      const landed = path();
      folderChanged(landed.folder);
      if (landed.leftFolder !== undefined) folderChanged(landed.leftFolder);
      path = landed.path;
      fileModified = landed.fileModified ?? fileModified;
    }
    return {
      ...facts,
      storedAt,
      ...(fileModified !== undefined && { fileModified }),
      ...(path !== object.key && { path }),
    };
  }
}

function linesOf(landed: readonly Entry[]): string {
  let lines = "";
  for (const { line, object, stored } of landed) {
    if (stored === undefined) continue;
    lines += line !== undefined && stored.path === undefined ? line : formatManifestLine(object, stored);
  }
  return lines;
}
