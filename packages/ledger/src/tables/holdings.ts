import { mostSum, plus } from "@brigade/core/thread";
import { atMost, type DatabaseSync, type StatementSync, sumIn } from "../sqlite.ts";
import type { Amount } from "../wire/amounts.ts";

/**
 * What lies on each volume, per origin: rows of `objects` and `copies` together. Changes are kept
 * in memory until `flush`, which writes them in the transaction of what they count.
 */
export class Holdings {
  readonly #upsert: StatementSync;
  readonly #any: StatementSync;
  readonly #ofVolume: StatementSync;
  /** By volume, by origin. */
  readonly #changes = new Map<number, Map<number, Amount>>();

  constructor(db: DatabaseSync) {
    this.#upsert = db.prepare(`insert into holdings (volume, origin, objects, bytes) values (?, ?, ?, ?)
      on conflict do update set objects = objects + excluded.objects, bytes = case when bytes >= ${mostSum} then ${mostSum} else ${atMost("bytes + excluded.bytes")} end`);
    this.#any = db.prepare("select 1 from holdings where origin = ? and objects > 0 limit 1");
    this.#ofVolume = db.prepare(`select source, sum(objects) objects, max(0, ${sumIn("bytes")}) bytes
      from holdings join origins on origins.n = origin where volume = ? and objects > 0 group by source order by source`);
  }

  add(volume: number, origin: number, objects: number, bytes: number): void {
    const ofVolume = this.#changes.get(volume) ?? new Map<number, Amount>();
    const before = ofVolume.get(origin) ?? { objects: 0, bytes: 0 };
    ofVolume.set(origin, { objects: before.objects + objects, bytes: plus(before.bytes, bytes) });
    this.#changes.set(volume, ofVolume);
  }

  /** Whether nothing is stored of the origin. */
  isEmpty(origin: number): boolean {
    return this.#any.get(origin) === undefined;
  }

  /** By the source's name, whatever its fingerprint. */
  ofVolume(volume: number): (Amount & { source: string })[] {
    return this.#ofVolume.all(volume) as unknown as (Amount & { source: string })[];
  }

  flush(): void {
    for (const [volume, ofVolume] of this.#changes) {
      for (const [origin, { objects, bytes }] of ofVolume) this.#upsert.run(volume, origin, objects, bytes);
    }
    this.#changes.clear();
  }

  /** After a rollback. */
  forget(): void {
    this.#changes.clear();
  }
}

type Lying = Amount & { volume: number };

/** Counts everything anew. It goes directory by directory, to sort little at a time. */
export function countHoldings(db: DatabaseSync): void {
  const holdings = new Holdings(db);
  const directories = db.prepare("select n, origin from directories");
  for (const table of ["objects", "copies"]) {
    const lying = db.prepare(`select volume, count(*) objects, ${sumIn("coalesce(bytes, size)")} bytes
      from ${table} where directory = ? group by volume`);
    for (const { n, origin } of directories.iterate() as Iterable<{ n: number; origin: number }>) {
      for (const { volume, objects, bytes } of lying.all(n) as unknown as Lying[]) {
        holdings.add(volume, origin, objects, bytes);
      }
    }
  }
  holdings.flush();
}
