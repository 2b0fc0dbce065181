import type { PagePartMessage } from "@brigade/core";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** A table that programs of the version before do not look at. */
export const pagePartsTable = `
-- parts of records of pages, until all of a page have come; directories: a JSON array of paths
create table if not exists page_parts (job integer not null, id text not null, total integer not null,
  number integer not null, directories text not null, primary key (job, id, total, number)) strict, without rowid;
`;

/**
 * Keeps the parts of the record of a page until all have come, in whatever order, however often,
 * and over restarts.
 */
export class PageParts {
  readonly #insert: StatementSync;
  readonly #count: StatementSync;
  readonly #select: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync) {
    this.#insert = db.prepare(
      "insert into page_parts (job, id, total, number, directories) values (?, ?, ?, ?, ?) on conflict do nothing",
    );
    const one = "from page_parts where job = ? and id = ?";
    this.#count = db.prepare(`select count(*) n ${one} and total = ?`);
    this.#select = db.prepare(`select directories ${one} and total = ? order by number`);
    this.#delete = db.prepare(`delete ${one}`);
  }

  /** Whether all parts of the page are here now. */
  add(job: number, { number, of, record }: PagePartMessage): boolean {
    this.#insert.run(job, record.id, of, number, JSON.stringify(record.directories));
    const { n } = this.#count.get(job, record.id, of) as { n: number };
    return n === of;
  }

  /** Paths from all parts, in order. */
  *directories(job: number, { of, record }: PagePartMessage): Generator<string> {
    for (const row of this.#select.iterate(job, record.id, of)) {
      yield* JSON.parse(String(row.directories)) as string[];
    }
  }

  forget(job: number, id: string): void {
    this.#delete.run(job, id);
  }
}
