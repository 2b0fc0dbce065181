import { lstat } from "node:fs/promises";
import { join as joinPath } from "node:path";
import { type FileEntry, isMd5, join, type NewObject, type ObjectEntry, type Places } from "@brigade/core";
import type { StoredState, VolumeDescription } from "@brigade/ledger";
import type { LedgerClient } from "@brigade/ledger/http";
import type { LocalVolume } from "@brigade/volumes";
import { storedState } from "../ledger/stored-state.ts";
import { type ListTreeParts, listTree, type Visitor } from "./list-tree.ts";

export interface AdoptTotals {
  /** Of the bucket, in directories that the tree has. */
  listed: number;
  /** Taken in from the tree. */
  adopted: number;
  bytes: number;
  /** Stored before: known to the ledger, or in its place on the volume already. */
  known: number;
  /**
   * In the tree with another size or MD5 than in the bucket, or with another file in its place.
   * They stay where they are.
   */
  different: number;
  /** In the bucket, not in the tree. */
  missing: number;
}

export interface AdoptParts extends ListTreeParts {
  /** The tree's root: what lies under `prefix` in the bucket. */
  readonly folder: string;
  readonly volume: LocalVolume;
  readonly host: string;
  readonly ledger: Pick<LedgerClient, "compare" | "restore">;
  /** Asks the store for the MD5 of every object that the tree has: one request each. */
  readonly checkMd5: boolean;
  readonly onDifferent: (key: string) => void;
  readonly onProgress: (totals: Readonly<AdoptTotals>) => void;
}

/** Objects that are imported at once: they share syncs and one request to the ledger. */
const batch = 500;

/**
 * Takes the files of a tree that another tool left into a volume. A file with the size (and the
 * MD5, if the listing has it) of the bucket's object is renamed into its place, dated, hashed,
 * entered in the manifest and reported to the ledger. All other files stay where they are. An
 * interrupted run can be repeated: it goes on.
 */
export async function adopt(
  parts: AdoptParts,
  scope: { readonly prefix: string; readonly concurrency: Places },
): Promise<AdoptTotals> {
  const adopter = new Adopter(parts, scope.prefix);
  await listTree(parts, scope, adopter);
  return adopter.totals;
}

class Adopter implements Visitor {
  readonly totals: AdoptTotals = { listed: 0, adopted: 0, bytes: 0, known: 0, different: 0, missing: 0 };
  readonly #parts: AdoptParts;
  readonly #prefix: string;
  readonly #of: { readonly source: string; readonly fingerprint: string };

  constructor(parts: AdoptParts, prefix: string) {
    this.#parts = parts;
    this.#prefix = prefix;
    this.#of = { source: parts.name, fingerprint: parts.source.fingerprint };
  }

  async files(directory: string, files: readonly FileEntry[]): Promise<void> {
    this.totals.listed += files.length;
    if (!(await this.#isInTree(directory))) {
      this.totals.missing += files.length;
      return;
    }
    const compared = await this.#parts.ledger.compare(this.#of, directory, files);
    const wanted = files.filter((_, index) => compared[index] !== "unchanged");
    this.totals.known += files.length - wanted.length;
    for (let from = 0; from < wanted.length; from += batch) {
      await this.#adoptSome(directory, wanted.slice(from, from + batch));
    }
    this.#parts.onProgress(this.totals);
  }

  async #adoptSome(directory: string, files: readonly FileEntry[]): Promise<void> {
    const { volume, signal } = this.#parts;
    signal.throwIfAborted();
    const objects = (await Promise.all(files.map((file) => this.#objectOf(directory, file)))).filter(
      (object) => object !== undefined,
    );
    this.totals.missing += files.length - objects.length;
    const imported = await volume.import(
      objects.map((object) => ({ ...object, from: this.#fileOf(object.key) })),
    );
    const states: StoredState[] = [];
    const elsewhere: NewObject[] = [];
    objects.forEach((object, index) => {
      const one = imported[index];
      if (one === "different") {
        this.totals.different++;
        this.#parts.onDifferent(object.key);
      } else if (one === undefined) elsewhere.push(object);
      else {
        this.totals.adopted++;
        this.totals.bytes += one.size;
        states.push(storedState({ ...object, ...one }));
      }
    });
    // Adopted by an earlier run that did not reach the ledger.
    const lying = await volume.adopt(elsewhere);
    elsewhere.forEach((object, index) => {
      const one = lying[index];
      if (one === undefined) this.totals.missing++;
      else {
        this.totals.known++;
        states.push(storedState({ ...object, ...one }));
      }
    });
    if (states.length === 0) return;
    const { id, label } = volume;
    const described: VolumeDescription = { id, label, host: this.#parts.host };
    await this.#parts.ledger.restore(this.#of, described, states);
  }

  /**
   * Returns `undefined` if size or date are neither listed nor known to the store, or the tree
   * lacks the file.
   */
  async #objectOf(directory: string, file: FileEntry): Promise<NewObject | undefined> {
    const { source, name } = this.#parts;
    const key = join(directory, file.name);
    const isVague = file.size === undefined || file.modified === undefined;
    const lacksMd5 = this.#parts.checkMd5 && file.etag === undefined;
    const asked = isVague || lacksMd5 ? await this.#asked(key) : undefined;
    const { size = asked?.size, modified = asked?.modified, etag = asked?.etag } = file;
    if (size === undefined || modified === undefined) return undefined;
    return {
      source: name,
      fingerprint: source.fingerprint,
      job: "adopted",
      key,
      listedSize: size,
      expectedSize: size,
      modified,
      etag,
      ...(isMd5(etag) && { expectedMd5: etag }),
    };
  }

  /** Asks the store about an object; `undefined` if the tree lacks its file. */
  async #asked(key: string): Promise<ObjectEntry | undefined> {
    const { source, signal } = this.#parts;
    if ((await lstat(this.#fileOf(key)).catch(() => undefined)) === undefined) return undefined;
    return await source.stat(key, signal);
  }

  /** Returns the path that the object has in the tree. */
  #fileOf(key: string): string {
    return joinPath(this.#parts.folder, key.slice(this.#prefix === "" ? 0 : this.#prefix.length + 1));
  }

  async #isInTree(directory: string): Promise<boolean> {
    if (directory === this.#prefix) return true;
    const found = await lstat(this.#fileOf(directory)).catch(() => undefined); // what cannot be looked at counts as missing
    return found?.isDirectory() === true;
  }
}
