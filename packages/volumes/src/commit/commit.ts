import { closeSync } from "node:fs";
import { dirname } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import type { HostError, NewObject, StoredObject } from "@brigade/core";
import { landTaken } from "../adoption/taking.ts";
import { diskError, errorCode, volumeError } from "../disk/disk-errors.ts";
import { formatManifestLine } from "../manifest/manifest-line.ts";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { Place, Placing } from "../names/placing.ts";
import type { FileTimes } from "../new-files/file-times.ts";
import type { WholeFile } from "../new-files/incoming-file.ts";
import type { NewFile } from "../new-files/new-file.ts";
import { Beats } from "./beats.ts";
import type { Landing } from "./landing.ts";
import { OpenFiles } from "./open-files.ts";
import type { Syncer } from "./syncer.ts";

/** Where the answer goes; called once. */
export interface Settle<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** What is known of a file's bytes. */
type Facts = Omit<WholeFile, "file">;
/** A file that lies somewhere, open. */
type FoundFile = Facts & { readonly descriptor: number };

interface Entry {
  readonly object: NewObject;
  readonly file: Facts;
  /** Absent: it lies in its place already, at `path`. */
  readonly incoming?: { readonly file: NewFile; readonly place: Place };
  readonly path?: string;
  /** A file of somebody else's tree, that is to get this place. It is never removed. */
  readonly taken?: { readonly from: string; readonly place: Place };
  /** Kept open to be synced; only where the syncer wants that. */
  descriptor?: number | undefined;
  readonly settle: Settle<StoredObject>;
  /** Unix milliseconds; since its data began to be synced. */
  storedAt?: number;
  /** Its manifest line, should it get the path that is its key. */
  line?: string;
  stored?: Stored;
}

type Stored = StoredObject & Pick<WholeFile, "fileModified">;

export interface CommitParts {
  readonly placing: Placing;
  readonly manifest: ManifestWriter;
  readonly landing: Landing;
  readonly syncer: Syncer;
  /** Files that wait open for their fsync at most; `undefined`: as many as usual. */
  readonly keptOpen?: number | undefined;
  readonly times: FileTimes;
  /** Throws HostError when the disk is no longer mounted. */
  readonly guard: () => void;
  /** Called after answers were given. */
  readonly onSettled: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/** The way from whole files to answers. */
export class Commit {
  readonly #parts: CommitParts;
  readonly #beats: Beats<Entry>;
  readonly #openFiles: OpenFiles;
  #changedFolders = new Set<string>();

  constructor(parts: CommitParts) {
    this.#parts = parts;
    this.#openFiles = new OpenFiles(parts.syncer.each, parts.keptOpen);
    this.#beats = new Beats<Entry>({
      sync: (written) => this.#sync(written),
      land: (group) => this.#land(group),
      settle: (landed) => this.#settle(landed),
      fail: (entries, error) => this.#fail(entries, error),
    });
  }

  /** Why nothing is taken any more. */
  get dead(): HostError | undefined {
    return this.#beats.dead;
  }

  /** Runs `write`, which will add one written file: now, or when the disk has caught up. */
  admit(write: () => void): void {
    this.#openFiles.admit(write);
  }

  /** The process lacks descriptors. False when none of them is held here. */
  keepFewerOpen(): boolean {
    return this.#openFiles.lower();
  }

  addWritten(object: NewObject, place: Place, whole: WholeFile, settle: Settle<StoredObject>): void {
    const { file, ...facts } = whole;
    try {
      const kept = file.isNameless ? undefined : this.#openFiles.add(file.descriptor);
      this.#beats.add({ object, file: facts, incoming: { file, place }, descriptor: kept, settle });
    } catch (error) {
      this.#remove(file);
      throw error;
    }
  }

  /** A file that was found in its place. The descriptor may be read-only; it is closed. */
  addFound(object: NewObject, path: string, file: FoundFile, settle: Settle<StoredObject>): void {
    const { descriptor, ...rest } = file;
    this.#beats.add({ object, file: rest, path, descriptor: this.#openFiles.add(descriptor), settle });
  }

  /** A whole file of somebody else's tree. Rejects with NotTaken when it cannot have its place. */
  addTaken(
    object: NewObject,
    taken: { from: string; place: Place },
    file: FoundFile,
    settle: Settle<StoredObject>,
  ): void {
    const { descriptor, ...rest } = file;
    this.#beats.add({ object, file: rest, taken, descriptor: this.#openFiles.add(descriptor), settle });
  }

  /** Names have changed in this folder. */
  folderChanged(folder: string): void {
    if (this.#parts.syncer.each) this.#changedFolders.add(folder);
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
      await this.#parts.syncer.sync({ files, folders, manifest: this.#parts.manifest.descriptor });
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
      if (entry.path !== undefined) continue;
      entry.line = formatManifestLine(entry.object, { ...entry.file, storedAt });
      lines += entry.line;
    }
    try {
      if (lines !== "") this.#parts.landing.note(lines);
    } catch (error) {
      // A full disk is told of by what is to be stored on it.
      if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") return;
      this.#parts.onWarning(error, "should this process die now, some files will lie unnamed on the volume");
    }
  }

  /** While the next sync runs. */
  #writeHeldSoon(): void {
    if (!this.#openFiles.holds) return;
    setImmediate(() => {
      this.#openFiles.writeHeld(this.dead !== undefined);
      this.#parts.onSettled();
    });
  }

  #land(group: readonly Entry[]): readonly Entry[] {
    if (group.length === 0) return group;
    this.#parts.guard();
    const landed = this.#placeAll(group);
    if (landed.length < group.length) this.#parts.onSettled();
    try {
      if (landed.length > 0) this.#parts.manifest.append(linesOf(landed));
      return landed;
    } catch (error) {
      // The files lie in place, unaccounted for; they are found when they are asked for again.
      const failure = volumeError(error, "the manifest could not be written");
      for (const entry of landed) entry.settle.reject(failure);
      this.#parts.onSettled();
      return [];
    }
  }

  /** Gives those that have got their places. */
  #placeAll(group: readonly Entry[]): readonly Entry[] {
    const landed: Entry[] = [];
    try {
      for (const entry of group) {
        try {
          entry.stored = this.#place(entry);
          landed.push(entry);
        } catch (error) {
          this.#failOne(entry, error);
        }
      }
      return landed;
    } finally {
      this.#parts.placing.leave();
    }
  }

  #place({ object, file, incoming, path, taken, storedAt = Date.now() }: Entry): Stored {
    let lies = path ?? object.key;
    let { fileModified } = file;
    if (taken) {
      const { placing, times } = this.#parts;
      const landed = landTaken(object, file.size, taken, placing, times);
      this.folderChanged(landed.folder);
      this.folderChanged(dirname(taken.from));
      lies = landed.path;
      fileModified = landed.fileModified;
    }
    if (incoming) {
      const landed = this.#parts.placing.land(incoming.file, incoming.place);
      this.folderChanged(landed.folder);
      lies = landed.path;
    }
    return {
      ...file,
      storedAt,
      ...(fileModified !== undefined && { fileModified }),
      ...(lies !== object.key && { path: lies }),
    };
  }

  #settle(landed: readonly Entry[]): void {
    for (const { stored, settle } of landed) if (stored) settle.resolve(stored);
    this.#parts.onSettled();
  }

  #fail(entries: readonly Entry[], error: HostError): void {
    for (const entry of entries) this.#failOne(entry, error);
    this.#parts.onSettled();
    this.#writeHeldSoon();
  }

  #failOne({ object, incoming, settle, descriptor }: Entry, error: unknown): void {
    if (descriptor !== undefined) closeSync(descriptor);
    if (incoming) this.#remove(incoming.file);
    settle.reject(asDiskError(error, object.key));
  }

  #remove(file: NewFile): void {
    try {
      file.remove();
    } catch (error) {
      this.#parts.onWarning(error, "a temporary file stays until the volume is opened again");
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
