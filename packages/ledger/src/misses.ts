import type { PageAccount } from "./pages.ts";
import type { DatabaseSync, StatementSync } from "./sqlite.ts";

export interface NewMiss {
  readonly index: number;
  readonly outcome: number;
  readonly name: string;
  /** Listed. */
  readonly bytes: number;
  readonly reason: string;
  /** Unix milliseconds. */
  readonly at: number;
}

/** Why objects failed or vanished, as long as nothing better is reported. */
export class Misses {
  readonly #select: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    const one = "from misses where job = ? and page = ? and idx = ?";
    this.#select = db.prepare(`select bytes, reason, at ${one}`);
    this.#put = db.prepare(
      "insert or replace into misses (job, page, idx, outcome, name, bytes, reason, at) values (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#delete = db.prepare(`delete ${one} returning bytes`);
  }

  put({ job, n }: PageAccount, miss: NewMiss): void {
    const { index, outcome, name, bytes, reason, at } = miss;
    this.#put.run(job, n, index, outcome, name, bytes, reason, at);
  }

  /** The same outcome once more: the latest report stays. Returns by how many bytes the sum changes. */
  again(page: PageAccount, miss: NewMiss): number {
    const old = this.#select.get(page.job, page.n, miss.index) as
      | { bytes: number; reason: string; at: number }
      | undefined;
    if (old === undefined) throw new Error(`page ${page.id} has an outcome without its row at ${miss.index}`);
    const later = miss.at > old.at || (miss.at === old.at && miss.reason > old.reason);
    if (!later) return 0;
    this.put(page, miss);
    return miss.bytes - old.bytes;
  }

  /** Returns its listed bytes. */
  remove({ job, n }: PageAccount, index: number): number {
    const row = this.#delete.get(job, n, index) as { bytes: number } | undefined;
    return row?.bytes ?? 0;
  }
}
