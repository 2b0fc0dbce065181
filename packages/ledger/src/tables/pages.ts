import { type DatabaseSync, type SQLInputValue, type StatementSync, sumIn } from "../sqlite.ts";
import { pack, unpack } from "./outcome.ts";
import { addVolumes, type ByVolume, type Counts, noCounts, sumColumns } from "./totals.ts";

/**
 * A page in a job. Its record or the first result for it creates it, whichever comes first; the
 * record places it. Only a placed page counts. A result may name a page id that is never placed, as
 * another listing of the position was recorded first: it is kept, but counts in no sum.
 */
export interface PageAccount {
  readonly n: number;
  readonly job: number;
  readonly id: string;
  readonly directory: number;
  position: { readonly walk: number; readonly page: number } | undefined;
  last: boolean;
  /** Where the next page starts, as JSON. */
  next: string | undefined;
  /**
   * One outcome byte per index. While the page is not placed, it is as long as the highest index
   * that was reported.
   */
  outcomes: Uint8Array;
  readonly counts: Counts;
  readonly volumes: ByVolume;
  /**
   * Listed bytes by index, of stored and unchanged objects that were reported before the record of
   * the page. The record may call them unchanged, too.
   */
  readonly sizes: Map<number, number>;
}

type Row = Counts & {
  n: number;
  directory: number;
  walk: number | null;
  page: number | null;
  last: number;
  next: string | null;
  volumes: string | null;
  sizes: string | null;
  outcomes: Uint8Array;
};

const written = [
  "directory",
  "walk",
  "page",
  "last",
  "next",
  ...sumColumns,
  "volumes",
  "sizes",
  "outcomes",
] as const;

/** The pages that the running transaction touches; `flush` writes them. */
export class Pages {
  readonly #byId: StatementSync;
  readonly #byPosition: StatementSync;
  readonly #insert: StatementSync;
  readonly #top: StatementSync;
  readonly #ofWalk: StatementSync;
  readonly #volumesOfWalk: StatementSync;
  readonly #last: StatementSync;
  readonly #open = new Map<string, PageAccount>();
  readonly #changed = new Set<PageAccount>();
  #next: number | undefined;

  constructor(db: DatabaseSync) {
    this.#byId = db.prepare("select * from pages where job = ? and id = ?");
    this.#byPosition = db.prepare(
      "select id, last, next from pages where job = ? and directory = ? and walk = ? and page = ?",
    );
    this.#insert = db.prepare(`insert into pages (n, job, id, ${written.join(", ")})
      values (?, ?, ?${", ?".repeat(written.length)})
      on conflict (n) do update set ${written.map((column) => `${column} = excluded.${column}`).join(", ")}`);
    const walk = "from pages where job = ? and directory = ? and walk = ?";
    this.#top = db.prepare(`select page, last ${walk} order by page desc limit 1`);
    this.#ofWalk = db.prepare(
      `select count(*) pages, ${sumColumns.map((column) => `${sumIn(column)} ${column}`).join(", ")} ${walk}`,
    );
    this.#volumesOfWalk = db.prepare(`select volumes ${walk} and volumes is not null`);
    this.#last = db.prepare("select max(n) n from pages");
  }

  get(job: number, id: string): PageAccount | undefined {
    const key = `${job} ${id}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const row = this.#byId.get(job, id) as Row | undefined;
    if (row === undefined) return undefined;
    const page = fromRow(job, id, row);
    this.#open.set(key, page);
    return page;
  }

  create(job: number, id: string, directory: number): PageAccount {
    this.#next ??= Number((this.#last.get() as { n: number | null } | undefined)?.n ?? 0);
    this.#next++;
    const page: PageAccount = {
      n: this.#next,
      job,
      id,
      directory,
      position: undefined,
      last: false,
      next: undefined,
      outcomes: new Uint8Array(0),
      counts: noCounts(),
      volumes: new Map(),
      sizes: new Map(),
    };
    this.#open.set(`${job} ${id}`, page);
    this.#changed.add(page);
    return page;
  }

  /** To be called after every change. */
  changed(page: PageAccount): void {
    this.#changed.add(page);
  }

  /** Writes one page at once, for `at` and the sums of walks to see its position. */
  write(page: PageAccount): void {
    const position = page.position;
    const values: SQLInputValue[] = [
      page.directory,
      position?.walk ?? null,
      position?.page ?? null,
      Number(page.last),
      page.next ?? null,
      ...sumColumns.map((column) => page.counts[column]),
      page.volumes.size === 0
        ? null
        : JSON.stringify([...page.volumes].map(([n, v]) => [n, v.objects, v.bytes])),
      page.sizes.size === 0 ? null : JSON.stringify([...page.sizes]),
      position === undefined ? page.outcomes : pack(page.outcomes),
    ];
    this.#insert.run(page.n, page.job, page.id, ...values);
    this.#changed.delete(page);
  }

  /** The page that counts at a position. */
  at(
    job: number,
    directory: number,
    walk: number,
    page: number,
  ): { id: string; last: boolean; next?: string } | undefined {
    const row = this.#byPosition.get(job, directory, walk, page) as
      | { id: string; last: number; next: string | null }
      | undefined;
    if (row === undefined) return undefined;
    return { id: row.id, last: row.last === 1, ...(row.next !== null && { next: row.next }) };
  }

  /** The highest page of a walk, cheaply. */
  top(job: number, directory: number, walk: number): { page: number; last: boolean } | undefined {
    const row = this.#top.get(job, directory, walk) as { page: number; last: number } | undefined;
    return row === undefined ? undefined : { page: row.page, last: row.last === 1 };
  }

  /** Marks the highest page of a walk as not its last one: another walk is to follow. */
  continues(job: number, directory: number, walk: number): void {
    const top = this.top(job, directory, walk);
    const found = top && this.at(job, directory, walk, top.page);
    const page = found && this.get(job, found.id);
    if (page === undefined) return;
    page.last = false;
    this.write(page);
  }

  /** The sums of all pages of a walk. It reads all of them. */
  ofWalk(job: number, directory: number, walk: number): { pages: number; counts: Counts; volumes: ByVolume } {
    this.flush();
    const row = this.#ofWalk.get(job, directory, walk) as Record<string, number | null>;
    const counts = noCounts();
    for (const column of sumColumns) counts[column] = row[column] ?? 0;
    const volumes: ByVolume = new Map();
    for (const row of this.#volumesOfWalk.iterate(job, directory, walk)) {
      addVolumes(volumes, volumesFrom(String(row.volumes)), 1);
    }
    return { pages: row.pages ?? 0, counts, volumes };
  }

  flush(): void {
    for (const page of this.#changed) this.write(page);
  }

  /** After the end of a transaction. */
  forget(): void {
    this.#open.clear();
    this.#changed.clear();
    this.#next = undefined;
  }
}

function fromRow(job: number, id: string, row: Row): PageAccount {
  const counts = noCounts();
  for (const column of sumColumns) counts[column] = row[column];
  const position = row.walk !== null && row.page !== null ? { walk: row.walk, page: row.page } : undefined;
  return {
    n: row.n,
    job,
    id,
    directory: row.directory,
    position,
    last: row.last === 1,
    next: row.next ?? undefined,
    outcomes: position === undefined ? row.outcomes : unpack(row.outcomes, row.listed),
    counts,
    volumes: row.volumes === null ? new Map() : volumesFrom(row.volumes),
    sizes: new Map(row.sizes === null ? [] : (JSON.parse(row.sizes) as [number, number][])),
  };
}

function volumesFrom(text: string): ByVolume {
  const rows = JSON.parse(text) as [number, number, number][];
  return new Map(rows.map(([volume, objects, bytes]) => [volume, { objects, bytes }]));
}
