import { closeSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import type { HostError, NewObject, StoredObject } from "@brigade/core";
import { diskError, errorCode, volumeError } from "../disk/disk-errors.ts";
import { formatManifestLine } from "../manifest/manifest-line.ts";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { WholeFile } from "../new-files/incoming-file.ts";
import type { NewFile } from "../new-files/new-file.ts";
import { Beats } from "./beats.ts";
import type { Completion, Entry, GiveName, LyingFile, Stored } from "./entry.ts";
import type { Landing } from "./landing.ts";
import { OpenFiles } from "./open-files.ts";
import type { Syncer } from "./syncer.ts";

export interface CommitNeeds {
  readonly manifest: ManifestWriter;
  readonly landing: Landing;
  readonly syncer: Syncer;
  /** Files that wait open for their fsync at most; `undefined`: as many as usual. */
  readonly keptOpen?: number | undefined;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
  /** Called after the files of a group were given their names. */
  readonly onNamed: () => void;
  /** Called after answers were given. */
  readonly onCompleted: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/**
 * The way from whole files to answers: data synced, named, manifest line written, synced again
 * (`Beats` has the order). What gives a file its name comes with the file, so this knows no names,
 * and no other ways in which files come.
 */
export class Commit {
  readonly #needs: CommitNeeds;
  readonly #beats: Beats<Entry>;
  readonly #openFiles: OpenFiles;
  #changedFolders = new Set<string>();

  constructor(needs: CommitNeeds) {
    this.#needs = needs;
    this.#openFiles = new OpenFiles(needs.syncer.each, needs.keptOpen);
    this.#beats = new Beats<Entry>({
      sync: (written) => this.#sync(written),
      land: (group) => this.#land(group),
      complete: (landed) => this.#complete(landed),
      fail: (entries, error) => this.#fail(entries, error),
    });
  }

  /** Why no file is accepted any more; `undefined` while files are accepted. */
  get dead(): HostError | undefined {
    return this.#beats.dead;
  }

  /** Runs `write`, which will add one written file: now, or when the disk has caught up. */
  admit(write: () => void): void {
    this.#openFiles.admit(write);
  }

  /**
   * To be called when the process lacks descriptors. Returns `false` if none of them is held here.
   */
  keepFewerOpen(): boolean {
    return this.#openFiles.lower();
  }

  /** Takes a new file. Throws when it cannot be kept open; then nothing of it remains. */
  addNew(object: NewObject, whole: WholeFile, name: GiveName, completion: Completion<StoredObject>): void {
    const { file: newFile, ...facts } = whole;
    try {
      const descriptor = newFile.isNameless ? undefined : this.#openFiles.add(newFile.descriptor);
      this.#beats.add({ object, facts, name, newFile, descriptor, completion: completion });
    } catch (error) {
      this.#remove(newFile);
      throw error;
    }
  }

  /**
   * Takes a whole file that lies on the disk already; its descriptor is closed. `name`: of a file
   * that lies in its place, the path below the source's folder.
   */
  addLying(
    object: NewObject,
    { descriptor, ...facts }: LyingFile,
    name: GiveName | string,
    completion: Completion<StoredObject>,
  ): void {
    this.#beats.add({
      object,
      facts,
      name,
      descriptor: this.#openFiles.add(descriptor),
      completion: completion,
    });
  }

  /** Names have changed in this folder. */
  folderChanged(folder: string): void {
    if (this.#needs.syncer.each) this.#changedFolders.add(folder);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    do {
      await this.#beats.idle();
      await turn();
    } while (this.#openFiles.holds);
    await this.#beats.idle();
  }

  async #sync(written: readonly Entry[]): Promise<void> {
    const files: number[] = [];
    for (const entry of written) {
      if (entry.descriptor !== undefined) files.push(entry.descriptor);
      entry.descriptor = undefined;
    }
    this.#noteLanding(written);
    const folders = this.#changedFolders;
    this.#changedFolders = new Set();
    try {
      await this.#needs.syncer.sync({ files, folders, manifest: this.#needs.manifest.descriptor });
    } finally {
      this.#openFiles.synced(files.length);
      this.#writeHeldSoon();
    }
  }

  #noteLanding(written: readonly Entry[]): void {
    const storedAt = Date.now();
    let lines = "";
    for (const entry of written) {
      entry.storedAt = storedAt;
      if (typeof entry.name === "string") continue;
      entry.line = formatManifestLine(entry.object, { ...entry.facts, storedAt });
      lines += entry.line;
    }
    try {
      if (lines !== "") this.#needs.landing.note(lines);
    } catch (error) {
      // A full disk is told of by what is to be stored on it.
      if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") return;
      this.#needs.onWarning(error, "should this process die now, some files will lie unnamed on the volume");
    }
  }

  /** While the next sync runs. */
  #writeHeldSoon(): void {
    if (!this.#openFiles.holds) return;
    setImmediate(() => {
      this.#openFiles.writeHeld(this.dead !== undefined);
      this.#needs.onCompleted();
    });
  }

  #land(group: readonly Entry[]): readonly Entry[] {
    if (group.length === 0) return group;
    this.#needs.guard();
    const landed = this.#nameAll(group);
    if (landed.length < group.length) this.#needs.onCompleted();
    try {
      if (landed.length > 0) this.#needs.manifest.append(linesOf(landed));
      return landed;
    } catch (error) {
      // The files lie in place, unaccounted for; they are found when they are asked for again.
      const failure = volumeError(error, "the manifest could not be written");
      for (const entry of landed) entry.completion.reject(failure);
      this.#needs.onCompleted();
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
          this.#failOne(entry, error);
        }
      }
      return landed;
    } finally {
      this.#needs.onNamed();
    }
  }

  #name({ object, facts, name, storedAt = Date.now() }: Entry): Stored {
    let path = name;
    let { fileModified } = facts;
    if (typeof path !== "string") {
      const landed = path();
      this.folderChanged(landed.folder);
      if (landed.leftFolder !== undefined) this.folderChanged(landed.leftFolder);
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

  #complete(landed: readonly Entry[]): void {
    for (const { stored, completion } of landed) if (stored) completion.resolve(stored);
    this.#needs.onCompleted();
  }

  #fail(entries: readonly Entry[], error: HostError): void {
    for (const entry of entries) this.#failOne(entry, error);
    this.#needs.onCompleted();
    this.#writeHeldSoon();
  }

  #failOne({ object, newFile, completion, descriptor }: Entry, error: unknown): void {
    if (descriptor !== undefined) closeSync(descriptor);
    if (newFile) this.#remove(newFile);
    completion.reject(asDiskError(error, object.key));
  }

  #remove(file: NewFile): void {
    try {
      file.remove();
    } catch (error) {
      this.#needs.onWarning(error, "a temporary file stays until the volume is opened again");
    }
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

/** A bug stays what it is, but goes to the one who asked. */
function asDiskError(error: unknown, doing: string): unknown {
  try {
    return diskError(error, doing);
  } catch (bug) {
    return bug;
  }
}
