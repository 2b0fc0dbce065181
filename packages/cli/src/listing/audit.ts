import { type FileEntry, join, type Log, type Places } from "@brigade/core";
import type { LedgerClient } from "@brigade/ledger/http";
import { createFilter, type WalkedPage } from "@brigade/lister";
import { type ListTreeParts, listTree, type Visitor } from "./list-tree.ts";

/**
 * An object of the bucket that is `new`, or `changed` since it was stored; one on disk that is
 * `gone` from the bucket; or one that is `lost`: gone from the bucket, and damaged or gone on disk.
 */
export interface AuditDifference {
  readonly kind: "new" | "changed" | "gone" | "lost";
  readonly key: string;
  /** Bytes: as listed (0 if the listing lacks it); of `gone` and `lost` as stored. */
  readonly size: number;
  /** The id of the volume on which a gone object is, or a lost one was. */
  readonly volume?: string;
}

export interface AuditTotals {
  directories: number;
  listed: number;
  unchanged: number;
  new: number;
  changed: number;
  gone: number;
  lost: number;
}

export interface AuditParts extends ListTreeParts {
  /** What is stored. */
  readonly ledger: Pick<LedgerClient, "compare" | "storedNames" | "storedDirectories" | "where">;
  readonly log: Log;
  readonly onDifference: (difference: AuditDifference) => Promise<void>;
}

/**
 * Lists the bucket below `prefix` and compares it with what is stored. Fetches and changes nothing.
 * Throws FatalError if a directory cannot be listed: the comparison would be wrong.
 */
export async function audit(
  parts: AuditParts,
  scope: { readonly prefix: string; readonly concurrency: Places },
): Promise<AuditTotals> {
  const auditor = new Auditor(parts);
  await listTree(parts, scope, auditor);
  await auditor.reportUnlisted(scope.prefix);
  await auditor.reportLost(scope.prefix);
  return auditor.totals;
}

class Auditor implements Visitor {
  readonly totals: AuditTotals = {
    directories: 0,
    listed: 0,
    unchanged: 0,
    new: 0,
    changed: 0,
    gone: 0,
    lost: 0,
  };
  readonly #parts: AuditParts;
  readonly #of: { readonly source: string; readonly fingerprint: string };

  constructor(parts: AuditParts) {
    this.#parts = parts;
    this.#of = { source: parts.name, fingerprint: parts.source.fingerprint };
  }

  async files(directory: string, files: readonly FileEntry[]): Promise<void> {
    this.totals.listed += files.length;
    const compared = await this.#parts.ledger.compare(this.#of, directory, files);
    for (const [index, { name, size = 0 }] of files.entries()) {
      const comparison = compared[index] ?? "new";
      if (comparison === "unchanged") this.totals.unchanged++;
      else await this.#report(comparison, join(directory, name), size);
    }
  }

  async refused(directory: string, refused: WalkedPage["refused"]): Promise<void> {
    this.totals.listed += refused.length;
    for (const { name, listedSize } of refused) await this.#report("new", join(directory, name), listedSize);
  }

  async done(directory: string): Promise<void> {
    const { names, ledger, source, signal, log } = this.#parts;
    for await (const { name, volume, size } of ledger.storedNames(this.#of, directory)) {
      if (names.hasName(directory, name)) continue;
      const key = join(directory, name);
      // The object may be left out by the filters, or by a listing that is not complete: the store
      // is asked.
      if ((await source.stat(key, signal)) === undefined) await this.#report("gone", key, size, volume);
      else log.debug({ key }, "stored, and in the bucket, but not listed");
    }
    this.totals.directories++;
  }

  /** Reports directories on disk that no listing has named: all objects in them are gone. */
  async reportUnlisted(prefix: string): Promise<void> {
    const { names, ledger, filters } = this.#parts;
    const filter = createFilter(filters);
    for await (const directory of ledger.storedDirectories(this.#of, prefix)) {
      if (names.hasDirectory(directory)) continue;
      if (!ancestors(directory).every((path) => filter.wantsDirectory(path))) continue;
      for await (const { name, volume, size } of ledger.storedNames(this.#of, directory)) {
        await this.#report("gone", join(directory, name), size, volume);
      }
    }
  }

  /** Reports objects that are on no disk any more, nor in the store. */
  async reportLost(prefix: string): Promise<void> {
    const { ledger, source, signal } = this.#parts;
    const below = prefix === "" ? "" : `${prefix}/`;
    for await (const one of ledger.where({ prefix: below, source: this.#of.source, lost: true })) {
      if (one.fingerprint !== this.#of.fingerprint) continue;
      if ((await source.stat(one.key, signal)) === undefined)
        await this.#report("lost", one.key, one.size, one.volume);
    }
  }

  async #report(kind: AuditDifference["kind"], key: string, size: number, volume?: string): Promise<void> {
    this.totals[kind]++;
    await this.#parts.onDifference({ kind, key, size, ...(volume !== undefined && { volume }) });
  }
}

/** Returns the directory and all above it, without the root. */
function ancestors(directory: string): string[] {
  const parts = directory.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
