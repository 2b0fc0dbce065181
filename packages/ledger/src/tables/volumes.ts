import { sumOf } from "@brigade/core/thread";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Amount } from "../wire/amounts.ts";
import type { VolumeContents, VolumeDescription } from "../wire/volumes.ts";

interface VolumeName {
  readonly id: string;
  readonly host: string;
  readonly label?: string;
}

type Row = {
  n: number;
  id: string;
  host: string;
  seen_at: number;
  label: string | null;
  free: number | null;
  size: number | null;
  gone_at: number | null;
  lost: string | null;
};

/**
 * Volumes that are kept, at most, empty ones included. No fleet has more: what is beyond was made
 * up.
 */
const most = 10_000;

/**
 * Volumes by number. The host of a volume is the host that said so: results from another host do
 * not move it.
 */
export class Volumes {
  readonly #upsert: StatementSync;
  readonly #seen: StatementSync;
  readonly #select: StatementSync;
  readonly #all: StatementSync;
  readonly #leave: StatementSync;
  readonly #return: StatementSync;
  readonly #count: StatementSync;
  readonly #dropEmpty: StatementSync;
  readonly #known = new Map<string, { n: number; seenAt: number }>();
  readonly #names = new Map<number, VolumeName>();

  constructor(db: DatabaseSync) {
    this.#upsert =
      db.prepare(`insert into volumes (id, host, seen_at, label, free, size) values (?, ?, ?, ?, ?, ?)
      on conflict (id) do update set host = excluded.host, seen_at = excluded.seen_at,
        label = coalesce(excluded.label, label), free = coalesce(excluded.free, free), size = coalesce(excluded.size, size)
      where excluded.seen_at >= seen_at returning n`);
    this.#seen = db.prepare(`insert into volumes (id, host, seen_at) values (?, ?, ?)
      on conflict (id) do update set seen_at = max(seen_at, excluded.seen_at) returning n`);
    this.#select = db.prepare("select * from volumes where id = ? or n = ?");
    this.#all = db.prepare("select * from volumes order by n");
    this.#leave = db.prepare(
      "update volumes set gone_at = coalesce(gone_at, ?), lost = coalesce(?, lost) where n = ?",
    );
    this.#return = db.prepare("update volumes set gone_at = null, lost = null where n = ?");
    this.#count = db.prepare("select count(*) n from volumes");
    // A volume on which anything was ever stored has a row in `holdings`.
    this.#dropEmpty = db.prepare(`delete from volumes where n in (select n from volumes
      where not exists (select 1 from holdings where volume = volumes.n) order by seen_at limit ?)`);
  }

  find(id: string): number | undefined {
    return (this.#select.get(id, -1) as Row | undefined)?.n;
  }

  /**
   * Whether a result may name the volume. If there are too many volumes, only of those that
   * their hosts reported.
   */
  admits(id: string): boolean {
    return this.#known.has(id) || this.find(id) !== undefined || this.#hasRoom();
  }

  /**
   * Of a result. `host`: where the result came from; it becomes the host of the volume if none is
   * known. `at`: Unix milliseconds, noted to the minute.
   */
  number(id: string, host: string, at: number): number {
    const known = this.#known.get(id);
    if (known !== undefined && at < known.seenAt + 60_000) return known.n;
    const { n } = this.#seen.get(id, host, at) as { n: number };
    this.#known.set(id, { n, seenAt: at });
    return n;
  }

  /**
   * What is not given stays as it was before. If there are too many volumes, the empty ones
   * that were seen first are removed. Not to be called in a transaction that enters results.
   * Returns the number of the volume.
   */
  note({ id, host, label, free, size, gone }: VolumeDescription, at: number): number {
    if (!this.#known.has(id) && this.find(id) === undefined && !this.#hasRoom()) {
      this.#dropEmpty.run(most / 10);
      this.forget();
    }
    const row = this.#upsert.get(id, host, at, label ?? null, free ?? null, size ?? null);
    const n = (row as { n: number } | undefined)?.n ?? this.find(id);
    if (n === undefined) throw new Error(`the volume ${id} was not inserted`);
    if (gone === null) this.#return.run(n);
    else if (gone !== undefined) this.#leave.run(at, gone.lost ?? null, n);
    this.#known.set(id, { n, seenAt: at });
    this.#names.delete(n);
    return n;
  }

  name(n: number): VolumeName {
    const known = this.#names.get(n);
    if (known !== undefined) return known;
    const row = this.#select.get("", n) as Row | undefined;
    if (row === undefined) throw new Error(`no volume ${n}`);
    const name = { id: row.id, host: row.host, ...(row.label !== null && { label: row.label }) };
    this.#names.set(n, name);
    return name;
  }

  /**
   * Volumes in the order in which they were first seen. `lying`: what lies on a volume, by source.
   */
  all(lying: (n: number) => readonly (Amount & { readonly source: string })[]): VolumeContents[] {
    return (this.#all.all() as Row[]).map((row) => {
      const sources = lying(row.n);
      return {
        volume: row.id,
        ...(row.label !== null && { label: row.label }),
        host: row.host,
        seenAt: row.seen_at,
        ...(row.free !== null && { free: row.free }),
        ...(row.size !== null && { size: row.size }),
        objects: sources.reduce((sum, { objects }) => sum + objects, 0),
        bytes: sumOf(sources.map(({ bytes }) => bytes)),
        sources,
        ...(row.gone_at !== null && {
          gone: { at: row.gone_at, ...(row.lost !== null && { lost: row.lost }) },
        }),
      };
    });
  }

  #hasRoom(): boolean {
    return (this.#count.get() as { n: number }).n < most;
  }

  /** After a rollback. */
  forget(): void {
    this.#known.clear();
    this.#names.clear();
  }
}
