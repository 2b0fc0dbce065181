import { randomBytes } from "node:crypto";
import { fsyncSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { findLayout, type Layout } from "../identity/identity.ts";
import { mountGuard } from "../identity/mount-guard.ts";
import { formatLostLine } from "../manifest/manifest-line.ts";
import { ManifestWriter } from "../manifest/manifest-writer.ts";
import { whyForeign } from "../names/object-path.ts";
import { FileChecker, type Finding } from "../verify/check-file.ts";
import type { Difference } from "../verify/difference.ts";
import { MovingAside } from "./moving-aside.ts";
import { newerLines } from "./newer-lines.ts";

/** An object that is not as it should be. */
export type Damage = Difference &
  Required<Pick<Difference, "key" | "expected" | "storedAt">> & {
    readonly problem: Exclude<Difference["problem"], "extra">;
  };

/** What became of objects that were not as they should be. */
export interface Repaired {
  /** They are to be stored anew. */
  readonly lost: number;
  /** Whole again, or stored again meanwhile. */
  readonly mended: number;
}

export interface MendingSettings {
  readonly root: string;
  readonly quietMs: number;
}

/** The disk's part of a repair. Blocks: for a thread of its own. */
export class Mending implements Disposable {
  readonly #layout: Layout;
  readonly #quietMs: number;
  readonly #guard: () => void;
  readonly #checker: FileChecker;
  readonly #aside: MovingAside;
  readonly #manifest: ManifestWriter;

  /** Throws ConfigError when this is no volume. */
  constructor({ root, quietMs }: MendingSettings) {
    this.#layout = findLayout(root);
    this.#quietMs = quietMs;
    this.#guard = mountGuard(this.#layout);
    this.#checker = new FileChecker(this.#layout.root, () => false);
    this.#aside = new MovingAside(this.#layout);
    this.#manifest = new ManifestWriter({
      folder: this.#layout.manifest,
      instance: `verify-${randomBytes(4).toString("hex")}`,
      syncEach: true,
    });
  }

  /**
   * Moves damaged files aside and voids their lines. Nobody may take these objects for stored any
   * more. A crash leaves what the next verification finds again: a file first gets out of the way,
   * and only then is no longer asked for.
   */
  async mend(damages: readonly Damage[]): Promise<Repaired> {
    this.#guard();
    const bad = this.#lookAgain(damages);
    await this.#waitUntilQuiet(bad);
    const newer = await this.#newer(bad);
    this.#guard();
    const lost = bad.filter(
      ({ damage: { source, key, path }, finding }) =>
        !newer.has(`${source}/${key}`) && this.#aside.move(source, path, meantBy(finding)),
    );
    this.#aside.sync();
    if (lost.length > 0) this.#append(lost);
    return { lost: lost.length, mended: damages.length - lost.length };
  }

  [Symbol.dispose](): void {
    this.#manifest.close();
  }

  #lookAgain(damages: readonly Damage[]): Bad[] {
    this.#checker.forget();
    return damages.flatMap((damage) => {
      const { source, key, path, expected } = damage;
      const why = whyForeign({ source, key, path, md5: expected.md5 });
      if (why !== undefined) throw new Error(`${source}/${path} cannot be repaired: ${why}`);
      const finding = this.#checker.check({ source, path, ...expected });
      return finding === undefined || finding === "stopped" ? [] : [{ damage, finding }];
    });
  }

  /** A file that got its place a moment ago may be good, and its line on its way. */
  async #waitUntilQuiet(bad: readonly Bad[]): Promise<void> {
    const now = Date.now();
    const changedAt = bad.reduce((last, { finding }) => Math.max(last, finding.file?.changedAt ?? 0), 0);
    const wait = Math.min(changedAt, now) + this.#quietMs - now;
    if (wait > 0) await sleep(wait);
  }

  async #newer(bad: readonly Bad[]): Promise<ReadonlySet<string>> {
    const since = bad.reduce((first, { damage }) => Math.min(first, damage.at), Date.now());
    const known = bad.map(({ damage: { source, key, storedAt } }) => [`${source}/${key}`, storedAt] as const);
    return newerLines(this.#layout.manifest, new Map(known), since);
  }

  #append(lost: readonly Bad[]): void {
    const lines = lost.map(({ damage: { source, key, storedAt }, finding }) =>
      formatLostLine({ source, key, lost: finding.problem, at: storedAt }),
    );
    this.#manifest.append(lines.join(""));
    if (this.#manifest.descriptor !== undefined) fsyncSync(this.#manifest.descriptor);
  }
}

interface Bad {
  readonly damage: Damage;
  readonly finding: Finding;
}

/** Which file is to be moved. */
function meantBy({ file, problem }: Finding): bigint | "any" | undefined {
  return file?.inode ?? (problem === "unreadable" ? "any" : undefined);
}
