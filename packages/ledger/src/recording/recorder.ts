import {
  MessageError,
  type ObjectResult,
  type Outcome,
  type PageMessage,
  type PagePartMessage,
  plus,
  type ResultMessage,
} from "@brigade/core";
import type { Tables } from "../catalogue/transactions.ts";
import type { DatabaseSync, StatementSync } from "../sqlite.ts";
import { besides } from "../tables/breaks.ts";
import type { JobNumbers } from "../tables/jobs.ts";
import type { Objects } from "../tables/objects.ts";
import { again, codes, isCode, nameOf } from "../tables/outcome.ts";
import { PageParts } from "../tables/page-parts.ts";
import type { PageAccount } from "../tables/pages.ts";
import { TooEarlyError, textOf } from "../tables/untold.ts";
import type { Amount } from "../wire/amounts.ts";
import { checkObjects, checkPlace, checkSlice, mostEntries, readBitmap } from "./contradictions.ts";
import { atMostNow } from "./told-times.ts";

type PageResult = ResultMessage["pages"][number];

/** What the ledger is told. */
export type RecordMessage = PageMessage | PagePartMessage | ResultMessage;

/**
 * Enters messages into the tables. In any order, any number of times: the same tables come out. Throws MessageError, and
 * TooEarlyError where it is to be told again later, before anything of the message is entered.
 */
export class Recorder {
  readonly #tables: Tables;
  readonly #parts: PageParts;
  readonly #break: StatementSync;
  readonly #heal: StatementSync;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables;
    this.#parts = new PageParts(db);
    this.#break = db.prepare(
      "insert into breaks (job, directory, walk, page, id, reason) values (?, ?, ?, ?, ?, ?) on conflict do nothing",
    );
    this.#heal = db.prepare("delete from breaks where job = ? and directory = ? and walk = ? and page = ?");
  }

  /** `now`: Unix milliseconds. Returns the number of the job. */
  record(message: RecordMessage, now: number): number {
    const job = this.#jobOf(message);
    if (message.type === "result") {
      const told = atMostNow(message, now);
      if (job.isPruned) this.#late(job, told);
      else this.#result(job, told);
    } else if (job.isPruned) return job.n;
    else if (message.type === "page") this.#page(job, message, message.directories);
    else this.#part(job, message);
    return job.n;
  }

  /** For a job whose pages were dropped: what it stored lies on a volume all the same; its totals stay as they are. */
  #late(job: JobNumbers, message: ResultMessage): void {
    const { directories, volumes, objects: table, untold } = this.#tables;
    for (const { page: id, objects } of message.pages) checkObjects(id, mostEntries, objects, message.volume);
    if (message.volume === undefined) return;
    if (!volumes.admits(message.volume)) throw new TooEarlyError();
    untold.admit(job.n, message.pages.map(textOf));
    const volume = volumes.number(message.volume, message.host, message.at);
    for (const slice of message.pages) {
      const directory = directories.number(job.origin, slice.directory);
      untold.add(job.n, slice.page, textOf(slice));
      for (const object of slice.objects)
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
    const { directories, pages, visits, untold } = this.#tables;
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
    untold.told(job.n, message.id, message.count);
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
    this.#check(job, message);
    const volume =
      message.volume === undefined ? undefined : volumes.number(message.volume, message.host, message.at);
    for (const slice of message.pages) {
      const page =
        pages.get(job.n, slice.page) ??
        pages.create(job.n, slice.page, directories.number(job.origin, slice.directory));
      const counted = visits.counts(page);
      if (counted) totals.add(job.n, 1, page.counts, page.volumes, -1);
      this.#slice(page, slice, volume, message.at);
      pages.changed(page);
      if (counted) totals.add(job.n, 1, page.counts, page.volumes, 1);
    }
  }

  /** Throws MessageError or TooEarlyError. Enters nothing. */
  #check(job: JobNumbers, message: ResultMessage): void {
    const { directories, pages, volumes, objects: table, untold } = this.#tables;
    const early: Amount[] = [];
    for (const slice of message.pages) {
      const { page: id, directory: path, objects } = slice;
      const page = pages.get(job.n, id);
      checkSlice(page, id, directories.find(job.origin, path), objects, message.volume);
      if (page?.position === undefined) early.push(amountOf(slice, page));
      // seldom: it is asked of all objects only where there may be no room for them
      else if (!untold.hasRoom(job.n, [textOf(slice)]) && objects.some((one) => isBesides(page, one, table)))
        early.push(textOf(slice));
    }
    untold.admit(job.n, early);
    if (message.volume !== undefined && !volumes.admits(message.volume)) throw new TooEarlyError();
  }

  /** What the page does not vouch for is counted: all while it is not told, then the objects beside those that it lists. */
  #slice(page: PageAccount, slice: PageResult, volume: number | undefined, at: number): void {
    const isTold = page.position !== undefined;
    const early = isTold ? undefined : amountOf(slice, page);
    let objects = 0;
    for (const object of slice.objects) {
      const had = page.outcomes[object.index] ?? 0;
      const isNew = this.#object(page, object, volume, at);
      if ((isNew && had === codes.stored) || (!isTold && had === 0)) objects++;
    }
    if (objects === 0 && isTold) return;
    const { bytes } = early ?? textOf(slice);
    this.#tables.untold.add(page.job, page.id, { objects, bytes });
  }

  /** Returns whether nothing was stored by its name before. */
  #object(page: PageAccount, object: ObjectResult, volume: number | undefined, at: number): boolean {
    const isStored = object.outcome === "stored" && volume !== undefined;
    const isNew = isStored && this.#tables.objects.store(page.directory, object, volume, at);
    this.#outcome(page, object, volume, at);
    return isNew;
  }

  #outcome(page: PageAccount, object: ObjectResult, volume: number | undefined, at: number): void {
    const { index, outcome, listedSize } = object;
    const code = codes[outcome];
    const had = page.outcomes[index] ?? 0;
    if (isCode(had) && had > code) return;
    const isMiss = outcome === "failed" || outcome === "vanished";
    if (had === code) {
      if (isMiss) addBytes(page, outcome, this.#tables.misses.repeated(page, object, at));
      return;
    }
    this.#withdraw(page, index, had, listedSize);
    if (index >= page.outcomes.length) page.outcomes = grown(page.outcomes, index + 1);
    page.outcomes[index] = code;
    const bytes = outcome === "stored" ? (object.size ?? listedSize) : listedSize;
    page.counts[outcome]++;
    addBytes(page, outcome, bytes);
    if (isMiss) this.#tables.misses.put(page, object, at);
    else if (page.position === undefined) page.sizes.set(index, listedSize);
    if (outcome === "stored" && volume !== undefined) {
      const amount = page.volumes.get(volume) ?? { objects: 0, bytes: 0 };
      page.volumes.set(volume, { objects: amount.objects + 1, bytes: plus(amount.bytes, bytes) });
    }
  }

  /** Takes back an outcome because a better one is there. `listedSize` of an unchanged one that turns out stored. */
  #withdraw(page: PageAccount, index: number, code: number, listedSize: number): void {
    if (code === again) this.#tables.misses.remove(page, index);
    if (!isCode(code)) return;
    const outcome = nameOf[code];
    const isMiss = outcome === "failed" || outcome === "vanished";
    page.counts[outcome]--;
    addBytes(page, outcome, -(isMiss ? this.#tables.misses.remove(page, index) : listedSize));
  }
}

function addBytes({ counts }: PageAccount, outcome: Outcome, bytes: number): void {
  counts[`${outcome}_bytes`] = plus(counts[`${outcome}_bytes`], bytes);
}

/** Results of a page that is not told: their objects, and bytes that they may take in the catalogue. */
function amountOf(slice: PageResult, page: PageAccount | undefined): Amount {
  const { objects, bytes } = textOf(slice);
  const length = slice.objects.reduce((most, { index }) => Math.max(most, index + 1), 0);
  return { objects, bytes: bytes + Math.max(0, length - (page?.outcomes.length ?? 0)) };
}

/** Something else was stored as this entry of the page, and nothing by this name. */
function isBesides(page: PageAccount, { index, name, outcome }: ObjectResult, table: Objects): boolean {
  return outcome === "stored" && page.outcomes[index] === codes.stored && !table.knows(page.directory, name);
}

function place(page: PageAccount, message: PageMessage): void {
  page.position = { walk: message.walk, page: message.page };
  page.last = message.end === "last";
  page.next = message.next === undefined ? undefined : JSON.stringify(message.next);
  page.outcomes = grown(page.outcomes, message.count);
  page.counts.listed = message.count;
  page.counts.listed_bytes = message.bytes;
}

function grown(outcomes: Uint8Array, length: number): Uint8Array {
  if (outcomes.length >= length) return outcomes;
  const longer = new Uint8Array(length);
  longer.set(outcomes);
  return longer;
}
