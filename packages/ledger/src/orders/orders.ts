import { type Standing, standingSchema } from "@brigade/core";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";

/** A table that programs of the version before do not look at. */
export const ordersTable = `
-- what people have ordered, and holds: one row, JSON
create table if not exists orders (n integer primary key check (n = 1), standing text not null) strict;
`;

/** What people have ordered, and holds. */
export class Orders {
  readonly #select: StatementSync;
  readonly #replace: StatementSync;

  constructor(db: DatabaseSync) {
    this.#select = db.prepare("select standing from orders");
    this.#replace = db.prepare("insert or replace into orders (n, standing) values (1, ?)");
  }

  /** Returns `undefined` if nothing was ever ordered. */
  load(): Standing | undefined {
    const row = this.#select.get() as { standing: string } | undefined;
    return row && standingSchema.parse(JSON.parse(row.standing));
  }

  /** One statement: it is committed when this returns. */
  save(standing: Standing): void {
    this.#replace.run(JSON.stringify(standing));
  }
}
