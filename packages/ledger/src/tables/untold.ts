import type { ResultMessage } from "@brigade/core";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import type { Amount } from "../wire/amounts.ts";

/** A table that programs of the version before do not look at. */
export const untoldTable = `
-- what is kept of results that no page of a lister vouches for, by the id of the page that they name; bytes: about, without what
-- every row takes
create table if not exists untold (job integer not null, id text not null, objects integer not null, bytes integer not null,
  primary key (job, id)) strict, without rowid;
`;

/** Why a message is refused that is to come again later. */
export const tooEarly =
  "no lister has reported the pages of these results, or no host their volume, and no more of such are kept: they come again";

/** Thrown before anything of a message is entered. */
export class TooEarlyError extends Error {
  override readonly name = "TooEarlyError";

  constructor() {
    super(tooEarly);
  }
}

/**
 * What is kept per job, at most. Results come before their page while its batches are still being
 * published: so there is room for as many objects as the largest page has entries. Some results
 * stay whose page never comes, as the directory had changed when its listing was begun anew. The
 * bytes suffice for a million names and etags of usual length. They also bound the memory of one
 * transaction.
 */
const most: Amount = { objects: 1_000_000, bytes: 64 * 2 ** 20 };

/**
 * Counts what results enter into the catalogue without the word of a lister: who has the password
 * of a downloader can make up pages and names. Such results are kept up to a bound, as their page
 * may come. Beyond it they have to wait.
 */
export class Untold {
  readonly #sum: StatementSync;
  readonly #add: StatementSync;
  readonly #get: StatementSync;
  readonly #set: StatementSync;
  readonly #delete: StatementSync;
  readonly #drop: StatementSync;
  /** By job. */
  readonly #sums = new Map<number, Amount>();

  constructor(db: DatabaseSync) {
    const sums = "coalesce(sum(objects), 0) objects, coalesce(sum(bytes), 0) bytes";
    this.#sum = db.prepare(`select ${sums} from untold where job = ?`);
    this.#add = db.prepare(`insert into untold (job, id, objects, bytes) values (?, ?, ?, ?)
      on conflict do update set objects = objects + excluded.objects, bytes = bytes + excluded.bytes`);
    this.#get = db.prepare("select objects, bytes from untold where job = ? and id = ?");
    this.#set = db.prepare("update untold set objects = ?, bytes = ? where job = ? and id = ?");
    this.#delete = db.prepare("delete from untold where job = ? and id = ?");
    this.#drop = db.prepare("delete from untold where job = ?");
  }

  hasRoom(job: number, more: readonly Amount[]): boolean {
    const { objects, bytes } = more.reduce(plus, this.#of(job));
    return objects <= most.objects && bytes <= most.bytes;
  }

  /** Throws TooEarlyError if there is no room. */
  admit(job: number, more: readonly Amount[]): void {
    if (more.length > 0 && !this.hasRoom(job, more)) throw new TooEarlyError();
  }

  /** `id`: of the page that the results name. */
  add(job: number, id: string, more: Amount): void {
    this.#sums.set(job, plus(this.#of(job), more));
    this.#add.run(job, id, more.objects, more.bytes);
  }

  /** A lister has reported the page: it vouches for as many objects as it has entries. */
  pageReported(job: number, id: string, entries: number): void {
    const kept = this.#get.get(job, id) as Amount | undefined;
    if (kept === undefined) return;
    const objects = Math.max(0, kept.objects - entries);
    const bytes = objects === 0 ? 0 : kept.bytes;
    if (objects === 0) this.#delete.run(job, id);
    else this.#set.run(objects, bytes, job, id);
    const sum = this.#of(job);
    this.#sums.set(job, {
      objects: sum.objects - kept.objects + objects,
      bytes: sum.bytes - kept.bytes + bytes,
    });
  }

  /** The job's pages are dropped. */
  drop(job: number): void {
    this.#drop.run(job);
    this.#sums.delete(job);
  }

  /** After a rollback. */
  forget(): void {
    this.#sums.clear();
  }

  #of(job: number): Amount {
    const known = this.#sums.get(job);
    if (known !== undefined) return known;
    const sum = this.#sum.get(job) as unknown as Amount;
    this.#sums.set(job, sum);
    return sum;
  }
}

/** The number of objects in results of a page, and the bytes of their texts. */
export function textOf({ page, directory, objects }: ResultMessage["pages"][number]): Amount {
  let bytes = page.length + directory.length;
  for (const { name, etag = "", path = "", reason = "", class: kind = "" } of objects) {
    bytes += name.length + etag.length + path.length + reason.length + kind.length;
  }
  return { objects: objects.length, bytes };
}

function plus(a: Amount, b: Amount): Amount {
  return { objects: a.objects + b.objects, bytes: a.bytes + b.bytes };
}
