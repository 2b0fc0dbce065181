import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { OriginName } from "../wire/history.ts";

/** Origins by number. */
export class Origins {
  readonly #select: StatementSync;
  readonly #insert: StatementSync;
  readonly #all: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("select n from origins where source = ? and fingerprint = ?");
    this.#insert = db.prepare("insert into origins (source, fingerprint) values (?, ?)");
    this.#all = db.prepare(
      "select n, source, fingerprint from origins where ?1 is null or source = ?1 order by n",
    );
  }

  find({ source, fingerprint }: OriginName): number | undefined {
    return (this.#select.get(source, fingerprint) as { n: number } | undefined)?.n;
  }

  number(name: OriginName): number {
    return this.find(name) ?? Number(this.#insert.run(name.source, name.fingerprint).lastInsertRowid);
  }

  /** Of one source, or of all; in order of their numbers. */
  of(source: string | undefined): (OriginName & { readonly n: number })[] {
    return this.#all.all(source ?? null) as unknown as (OriginName & { readonly n: number })[];
  }
}
