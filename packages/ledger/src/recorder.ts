import {
  isMd5,
  MessageError,
  type ObjectResult,
  type Outcome,
  type PageMessage,
  type PagePartMessage,
  plus,
  type ResultMessage,
} from "@brigade/core";
import { besides } from "./breaks.ts";
import type { Directories } from "./directories.ts";
import type { JobNumbers, Jobs } from "./jobs.ts";
import { Misses } from "./misses.ts";
import type { Objects } from "./objects.ts";
import { again, codes, isCode, nameOf } from "./outcome.ts";
import { PageParts } from "./page-parts.ts";
import type { PageAccount, Pages } from "./pages.ts";
import type { DatabaseSync, StatementSync } from "./sqlite.ts";
import type { Totals } from "./totals.ts";
import type { Visits } from "./visits.ts";
import type { Volumes } from "./volumes.ts";

/** What the ledger is told. */
export type RecordMessage = PageMessage | PagePartMessage | ResultMessage;

export interface Tables {
  readonly jobs: Jobs;
  readonly directories: Directories;
  readonly volumes: Volumes;
  readonly pages: Pages;
  readonly visits: Visits;
  readonly totals: Totals;
  readonly objects: Objects;
}

/** No listing has pages of so many entries: an index beyond is nonsense, and would cost memory. */
const mostEntries = 1_000_000;

/**
 * Enters messages into the tables. In any order, any number of times: the same tables come out. Throws MessageError
 * before anything of the message is entered.
 */
export class Recorder {
  readonly #tables: Tables;
  readonly #misses: Misses;
  readonly #parts: PageParts;
  readonly #break: StatementSync;
  readonly #heal: StatementSync;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables;
    this.#misses = new Misses(db);
    this.#parts = new PageParts(db);
    this.#break = db.prepare(
      "insert into breaks (job, directory, walk, page, id, reason) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
    );
    this.#heal = db.prepare("delete from breaks where job = ? and directory = ? and walk = ? and page = ?");
  }

  /** Returns the number of the job. */
  record(message: RecordMessage): number {
    const job = this.#jobOf(message);
    if (job.isPruned) this.#late(job, message);
    else if (message.type === "page") this.#page(job, message, message.directories);
    else if (message.type === "page-part") this.#part(job, message);
    else this.#result(job, message);
    return job.n;
  }

  /** For a job whose pages were dropped: what it stored lies on a volume all the same; its totals stay as they are. */
  #late(job: JobNumbers, message: RecordMessage): void {
    if (message.type !== "result") return;
    const { directories, volumes, objects: table } = this.#tables;
    for (const { page: id, objects } of message.pages) checkObjects(id, mostEntries, objects, message.volume);
    if (message.volume === undefined) return;
    const volume = volumes.number(message.volume, message.host, message.at);
    for (const { directory: path, objects } of message.pages) {
      const directory = directories.number(job.origin, path);
      for (const object of objects)
        if (object.outcome === "stored") table.store(directory, object, volume, message.at);
    }
  }

  #jobOf({ job }: RecordMessage): JobNumbers {
    const known = this.#tables.jobs.find(job.id);
    if (known === undefined) throw new MessageError(`the catalogue has no job ${job.id}`);
    if (known.source !== job.source || known.fingerprint !== job.fingerprint) {
      throw new MessageError(
        `the job ${job.id} is of ${known.source} (${known.fingerprint}), not of ${job.source} (${job.fingerprint})`,
      );
    }
    return known;
  }

  /** The page counts from the last of its parts on: until then it is missing. */
  #part(job: JobNumbers, message: PagePartMessage): void {
    const { record } = message;
    if (message.number > message.of)
      throw new MessageError(`the page ${record.id} has no part ${message.number}`);
    if (!this.#parts.add(job.n, message)) return;
    this.#page(job, record, this.#parts.directories(job.n, message));
    this.#parts.forget(job.n, record.id);
  }

  /** `named`: paths of the child directories. */
  #page(job: JobNumbers, message: PageMessage, named: Iterable<string>): void {
    const { directories, pages, visits } = this.#tables;
    const { walk, page: number } = message;
    const directory = directories.number(job.origin, message.directory);
    if (pages.at(job.n, directory, walk, number) !== undefined) return;
    if (message.end === "failed") {
      const reason = message.reason ?? "no reason given";
      const { changes } = this.#break.run(job.n, directory, walk, number, message.id, reason);
      if (changes === 1) visits.broke(job.n, directory, walk);
      return;
    }
    const bitmap = readBitmap(message);
    const page = pages.get(job.n, message.id) ?? pages.create(job.n, message.id, directory);
    checkPlace(page, directory, message);
    place(page, message);
    this.#markUnchanged(page, bitmap, message.unchangedBytes ?? 0);
    page.sizes.clear();
    pages.write(page);
    const healed = this.#heal.run(job.n, directory, walk, number).changes === 1;
    visits.placed(page, healed);
    if (message.unlisted !== undefined) {
      this.#break.run(job.n, directory, walk, besides(number), message.id, message.unlisted);
      visits.broke(job.n, directory, walk);
    }
    for (const child of named) visits.name(job.n, directories.number(job.origin, child));
  }

  /** What the page's own record calls unchanged. `bytes`: listed, of all that it does. */
  #markUnchanged(page: PageAccount, bitmap: Uint8Array, bytes: number): void {
    const { counts, outcomes } = page;
    counts.unchanged_bytes = plus(counts.unchanged_bytes, bytes);
    for (let index = 0; index < outcomes.length; index++) {
      if (((bitmap[index >> 3] ?? 0) & (1 << (index & 7))) === 0) continue;
      const code = outcomes[index] ?? 0;
      if (isCode(code) && code >= codes.unchanged) {
        counts.unchanged_bytes = plus(counts.unchanged_bytes, -(page.sizes.get(index) ?? 0));
        continue;
      }
      this.#withdraw(page, index, code, 0);
      outcomes[index] = codes.unchanged;
      counts.unchanged++;
    }
  }

  #result(job: JobNumbers, message: ResultMessage): void {
    const { directories, pages, visits, totals, volumes } = this.#tables;
    const slices = message.pages.map(({ page: id, directory: path, objects }) => {
      const directory = directories.number(job.origin, path);
      const page = pages.get(job.n, id);
      checkSlice(page, id, directory, objects, message.volume);
      return { page, id, directory, objects };
    });
    const volume =
      message.volume === undefined ? undefined : volumes.number(message.volume, message.host, message.at);
    for (const { id, directory, objects } of slices) {
      const page = pages.get(job.n, id) ?? pages.create(job.n, id, directory);
      const counted = visits.counts(page);
      if (counted) totals.add(job.n, 1, page.counts, page.volumes, -1);
      for (const object of objects) this.#object(page, object, volume, message.at);
      pages.changed(page);
      if (counted) totals.add(job.n, 1, page.counts, page.volumes, 1);
    }
  }

  #object(page: PageAccount, object: ObjectResult, volume: number | undefined, at: number): void {
    const { index, name, outcome, listedSize } = object;
    if (outcome === "stored" && volume !== undefined) {
      this.#tables.objects.store(page.directory, object, volume, at);
    }
    const code = codes[outcome];
    const had = page.outcomes[index] ?? 0;
    if (isCode(had) && had > code) return;
    const { reason = "", class: kind, modified, etag } = object;
    const miss = { index, outcome: code, name, bytes: listedSize, reason, at, class: kind, modified, etag };
    const isMiss = outcome === "failed" || outcome === "vanished";
    if (had === code) {
      if (isMiss) addBytes(page, outcome, this.#misses.repeated(page, miss));
      return;
    }
    this.#withdraw(page, index, had, listedSize);
    if (index >= page.outcomes.length) page.outcomes = grown(page.outcomes, index + 1);
    page.outcomes[index] = code;
    const bytes = outcome === "stored" ? (object.size ?? listedSize) : listedSize;
    page.counts[outcome]++;
    addBytes(page, outcome, bytes);
    if (isMiss) this.#misses.put(page, miss);
    else if (page.position === undefined) page.sizes.set(index, listedSize);
    if (outcome === "stored" && volume !== undefined) {
      const amount = page.volumes.get(volume) ?? { objects: 0, bytes: 0 };
      page.volumes.set(volume, { objects: amount.objects + 1, bytes: plus(amount.bytes, bytes) });
    }
  }

  /** Takes back an outcome because a better one is there. `listedSize` of an unchanged one that turns out stored. */
  #withdraw(page: PageAccount, index: number, code: number, listedSize: number): void {
    if (code === again) this.#misses.remove(page, index);
    if (!isCode(code)) return;
    const outcome = nameOf[code];
    const isMiss = outcome === "failed" || outcome === "vanished";
    page.counts[outcome]--;
    addBytes(page, outcome, -(isMiss ? this.#misses.remove(page, index) : listedSize));
  }
}

function addBytes({ counts }: PageAccount, outcome: Outcome, bytes: number): void {
  counts[`${outcome}_bytes`] = plus(counts[`${outcome}_bytes`], bytes);
}

function place(page: PageAccount, message: PageMessage): void {
  page.position = { walk: message.walk, page: message.page };
  page.last = message.end === "last";
  page.next = message.next === undefined ? undefined : JSON.stringify(message.next);
  page.outcomes = grown(page.outcomes, message.count);
  page.counts.listed = message.count;
  page.counts.listed_bytes = message.bytes;
}

function checkPlace(page: PageAccount, directory: number, message: PageMessage): void {
  if (page.position !== undefined || page.directory !== directory) {
    throw new MessageError(`the page id ${message.id} stands for another position already`);
  }
  if (page.outcomes.length > message.count) {
    throw new MessageError(
      `the page ${message.id} has ${message.count} entries, but a result for a later one`,
    );
  }
}

function checkSlice(
  page: PageAccount | undefined,
  id: string,
  directory: number,
  objects: readonly ObjectResult[],
  volume: string | undefined,
): void {
  if (page !== undefined && page.directory !== directory) {
    throw new MessageError(`the page ${id} is of another directory`);
  }
  checkObjects(id, page?.position === undefined ? mostEntries : page.counts.listed, objects, volume);
}

function checkObjects(
  id: string,
  entries: number,
  objects: readonly ObjectResult[],
  volume: string | undefined,
): void {
  for (const { index, outcome, md5 } of objects) {
    if (index >= entries) throw new MessageError(`the page ${id} has no entry ${index}`);
    if (outcome !== "stored") continue;
    if (volume === undefined)
      throw new MessageError(`entry ${index} of the page ${id} is stored on no volume`);
    if (md5 !== undefined && !isMd5(md5)) {
      throw new MessageError(`entry ${index} of the page ${id} has no readable MD5`);
    }
  }
}

function readBitmap({ id, unchanged, count }: PageMessage): Uint8Array {
  if (count > mostEntries) throw new MessageError(`the page ${id} has ${count} entries`);
  return unchanged === undefined ? new Uint8Array(0) : Buffer.from(unchanged, "base64");
}

function grown(outcomes: Uint8Array, length: number): Uint8Array {
  if (outcomes.length >= length) return outcomes;
  const longer = new Uint8Array(length);
  longer.set(outcomes);
  return longer;
}
