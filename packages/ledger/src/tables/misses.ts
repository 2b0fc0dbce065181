import type { DatabaseSync, StatementSync } from "../catalogue/sqlite.ts";
import { again } from "./outcome.ts";
import type { PageAccount } from "./pages.ts";

export interface NewMiss {
  readonly index: number;
  readonly outcome: number;
  readonly name: string;
  /** Listed. */
  readonly bytes: number;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
  readonly class: string | undefined;
  /** Unix seconds; like the etag for a message that asks for the object again. */
  readonly modified: number | undefined;
  readonly etag: string | undefined;
}

/** Why objects failed or vanished, as long as nothing better is reported; of failed ones also what is to be tried again. */
export class Misses {
  readonly #select: StatementSync;
  readonly #put: StatementSync;
  readonly #mark: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    const one = "from misses where job = ? and page = ? and idx = ?";
    this.#select = db.prepare(`select bytes, reason, at, class ${one}`);
    this.#put = db.prepare(`insert or replace into misses
      (job, page, idx, outcome, name, bytes, reason, at, class, modified, etag) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#mark = db.prepare("update misses set outcome = ? where job = ? and page = ? and idx = ?");
    this.#delete = db.prepare(`delete ${one} returning bytes`);
  }

  put({ job, n }: PageAccount, miss: NewMiss): void {
    const { index, outcome, name, bytes, reason, at, class: kind, modified, etag } = miss;
    this.#put.run(
      job,
      n,
      index,
      outcome,
      name,
      bytes,
      reason,
      at,
      kind ?? null,
      modified ?? null,
      etag ?? null,
    );
  }

  /** It is to be tried again: its row stays for that. */
  mark({ job, n }: PageAccount, index: number): void {
    this.#mark.run(again, job, n, index);
  }

  /** The same outcome once more: the latest report stays. Returns by how many bytes the sum changes. */
  repeated(page: PageAccount, miss: NewMiss): number {
    const old = this.#select.get(page.job, page.n, miss.index) as
      | { bytes: number; reason: string; at: number; class: string | null }
      | undefined;
    if (old === undefined) throw new Error(`page ${page.id} has an outcome without its row at ${miss.index}`);
    const isLater =
      miss.at > old.at ||
      (miss.at === old.at && `${miss.reason}\0${miss.class ?? ""}` > `${old.reason}\0${old.class ?? ""}`);
    if (!isLater) return 0;
    this.put(page, miss);
    return miss.bytes - old.bytes;
  }

  /** Returns its listed bytes. */
  remove({ job, n }: PageAccount, index: number): number {
    const row = this.#delete.get(job, n, index) as { bytes: number } | undefined;
    return row?.bytes ?? 0;
  }
}
