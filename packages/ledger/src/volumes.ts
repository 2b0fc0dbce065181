import type { DatabaseSync, StatementSync } from "./sqlite.ts";

/** Volumes by small numbers. */
export class Volumes {
  readonly #upsert: StatementSync;
  readonly #select: StatementSync;
  readonly #known = new Map<string, { n: number; host: string; seenAt: number }>();
  readonly #names = new Map<number, { id: string; host: string }>();

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`insert into volumes (id, host, seen_at) values (?, ?, ?)
      on conflict (id) do update set host = excluded.host, seen_at = excluded.seen_at where excluded.seen_at >= seen_at
      returning n`);
    this.#select = db.prepare("select n, id, host, seen_at from volumes where id = ? or n = ?");
  }

  /** Where the volume was seen last counts as its host; `at` in Unix milliseconds, noted to the minute. */
  number(id: string, host: string, at: number): number {
    const known = this.#known.get(id);
    if (known !== undefined && at < known.seenAt + (known.host === host ? 60_000 : 0)) return known.n;
    const row = (this.#upsert.get(id, host, at) ?? this.#select.get(id, -1)) as { n: number } | undefined;
    if (row === undefined) throw new Error(`the volume ${id} was not inserted`);
    this.#known.set(id, { n: row.n, host, seenAt: at });
    this.#names.delete(row.n);
    return row.n;
  }

  name(n: number): { id: string; host: string } {
    const known = this.#names.get(n);
    if (known !== undefined) return known;
    const row = this.#select.get("", n) as { id: string; host: string } | undefined;
    if (row === undefined) throw new Error(`no volume ${n}`);
    this.#names.set(n, { id: row.id, host: row.host });
    return row;
  }

  /** After a rollback. */
  forget(): void {
    this.#known.clear();
    this.#names.clear();
  }
}
