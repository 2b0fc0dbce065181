import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** A table that programs of the version before do not look at. */
export const ordersTable = `
-- what people have ordered, and holds: one row, JSON
create table if not exists orders (n integer primary key check (n = 1), standing text not null) strict;
`;

/** What people have ordered, and holds, as text: the thread of the database does not read it. */
export class Orders {
  readonly #select: StatementSync;
  readonly #replace: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("select standing from orders");
    this.#replace = db.prepare("insert or replace into orders (n, standing) values (1, ?)");
  }

  /** Returns `undefined` if nothing was ever ordered. */
  load(): string | undefined {
    return (this.#select.get() as { standing: string } | undefined)?.standing;
  }

  /** One statement: it is committed when this returns. */
  save(standing: string): void {
    this.#replace.run(standing);
  }
}
