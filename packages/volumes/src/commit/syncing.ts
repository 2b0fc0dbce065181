import { errorCode } from "../disk/disk-errors.ts";
import { formatManifestLine } from "../manifest/manifest-line.ts";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { Entry } from "./entry.ts";
import type { Landing } from "./landing.ts";
import type { OpenFiles } from "./open-files.ts";
import type { Syncer } from "./syncer.ts";

export interface SyncingNeeds {
  readonly manifest: ManifestWriter;
  readonly landing: Landing;
  readonly syncer: Syncer;
  readonly openFiles: OpenFiles;
  /** Called after the files of a sync were closed, also if it failed. */
  readonly onClosed: () => void;
  readonly onWarning: (error: unknown, message: string) => void;
}

/** The first step of a beat: data, names and manifest lines are made safe by one sync. */
export class Syncing {
  readonly #needs: SyncingNeeds;
  #changedFolders = new Set<string>();

  constructor(needs: SyncingNeeds) {
    this.#needs = needs;
  }

  /** Names have changed in this folder. */
  folderChanged(folder: string): void {
    if (this.#needs.syncer.each) this.#changedFolders.add(folder);
  }

  /** `written`: files whose data is not safe yet. */
  async sync(written: readonly Entry[]): Promise<void> {
    const { syncer, manifest, openFiles, onClosed } = this.#needs;
    const files: number[] = [];
    for (const entry of written) {
      if (entry.descriptor !== undefined) files.push(entry.descriptor);
      entry.descriptor = undefined;
    }
    this.#noteLanding(written);
    const folders = this.#changedFolders;
    this.#changedFolders = new Set();
    try {
      await syncer.sync({ files, folders, manifest: manifest.descriptor });
    } finally {
      openFiles.synced(files.length);
      onClosed();
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
      // A full disk shows in what is to be stored on it.
      if (errorCode(error) === "ENOSPC" || errorCode(error) === "EDQUOT") return;
      this.#needs.onWarning(error, "should this process die now, some files will lie unnamed on the volume");
    }
  }
}
