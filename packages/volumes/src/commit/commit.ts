import { setImmediate as turn } from "node:timers/promises";
import type { HostError, NewObject, StoredObject } from "@brigade/core";
import type { ManifestWriter } from "../manifest/manifest-writer.ts";
import type { WholeFile } from "../new-files/incoming-file.ts";
import { Answers } from "./answers.ts";
import { Beats } from "./beats.ts";
import type { Completion, Entry, GiveName, LyingFile } from "./entry.ts";
import type { Landing } from "./landing.ts";
import { Naming } from "./naming.ts";
import type { OpenFiles } from "./open-files.ts";
import type { Syncer } from "./syncer.ts";
import { Syncing } from "./syncing.ts";

export interface CommitNeeds {
  readonly manifest: ManifestWriter;
  readonly landing: Landing;
  readonly syncer: Syncer;
  readonly openFiles: OpenFiles;
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
 * (`Beats` has the order; `Syncing`, `Naming` and `Answers` are its steps). What gives a file its
 * name comes with the file, so there are no names here, and no other ways in which files come.
 */
export class Commit {
  readonly #needs: CommitNeeds;
  readonly #answers: Answers;
  readonly #syncing: Syncing;
  readonly #beats: Beats<Entry>;

  constructor(needs: CommitNeeds) {
    this.#needs = needs;
    const answers = new Answers(needs);
    const syncing = new Syncing({ ...needs, onClosed: () => this.#writeHeldSoon() });
    const folderChanged = (folder: string) => syncing.folderChanged(folder);
    const naming = new Naming({ ...needs, answers, folderChanged });
    this.#answers = answers;
    this.#syncing = syncing;
    this.#beats = new Beats<Entry>({
      sync: (written) => syncing.sync(written),
      land: (group) => naming.land(group),
      complete: (landed) => answers.complete(landed),
      fail: (entries, error) => {
        answers.fail(entries, error);
        this.#writeHeldSoon();
      },
    });
  }

  /** Why no file is accepted any more; `undefined` while files are accepted. */
  get dead(): HostError | undefined {
    return this.#beats.dead;
  }

  /** Takes a new file. Throws when it cannot be kept open; then nothing of it remains. */
  addNew(object: NewObject, whole: WholeFile, name: GiveName, completion: Completion<StoredObject>): void {
    const { file: newFile, ...facts } = whole;
    try {
      const descriptor = newFile.isNameless ? undefined : this.#needs.openFiles.add(newFile.descriptor);
      this.#beats.add({ object, facts, name, newFile, descriptor, completion });
    } catch (error) {
      this.#answers.remove(newFile);
      throw error;
    }
  }

  /**
   * Takes a whole file that lies on the disk already; its descriptor is closed. `name`: of a file
   * that lies in its place, the path below the source's folder.
   */
  addLying(
    object: NewObject,
    { descriptor: open, ...facts }: LyingFile,
    name: GiveName | string,
    completion: Completion<StoredObject>,
  ): void {
    const descriptor = this.#needs.openFiles.add(open);
    this.#beats.add({ object, facts, name, descriptor, completion });
  }

  /** Names have changed in this folder. */
  folderChanged(folder: string): void {
    this.#syncing.folderChanged(folder);
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    do {
      await this.#beats.idle();
      await turn();
    } while (this.#needs.openFiles.holds);
    await this.#beats.idle();
  }

  /** While the next sync runs. */
  #writeHeldSoon(): void {
    const { openFiles, onCompleted } = this.#needs;
    if (!openFiles.holds) return;
    setImmediate(() => {
      openFiles.writeHeld(this.dead !== undefined);
      onCompleted();
    });
  }
}
