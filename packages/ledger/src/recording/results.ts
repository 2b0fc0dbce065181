import type { ObjectResult, ResultMessage } from "@brigade/core";
import type { Tables } from "../database/transactions.ts";
import type { JobNumbers } from "../tables/jobs.ts";
import type { Objects } from "../tables/objects.ts";
import { codes } from "../tables/outcome.ts";
import type { PageAccount } from "../tables/pages.ts";
import { TooEarlyError, textOf } from "../tables/untold.ts";
import type { Amount } from "../wire/amounts.ts";
import { checkObjects, checkSlice, mostEntries } from "./contradictions.ts";
import type { Outcomes } from "./outcomes.ts";

type PageResult = ResultMessage["pages"][number];

/**
 * Enters results. Throws MessageError, and TooEarlyError if a result is to come again later,
 * before anything of the message is entered.
 */
export class Results {
  readonly #tables: Tables;
  readonly #outcomes: Outcomes;

  constructor(tables: Tables, outcomes: Outcomes) {
    this.#tables = tables;
    this.#outcomes = outcomes;
  }

  /**
   * For a job whose pages were dropped. What was stored lies on a volume all the same; the totals
   * of the job stay as they are.
   */
  late(job: JobNumbers, message: ResultMessage): void {
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

  enter(job: JobNumbers, message: ResultMessage): void {
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
      // This is rare: all objects are looked at only if there may be no room for them.
      else if (!untold.hasRoom(job.n, [textOf(slice)]) && objects.some((one) => isBesides(page, one, table)))
        early.push(textOf(slice));
    }
    untold.admit(job.n, early);
    if (message.volume !== undefined && !volumes.admits(message.volume)) throw new TooEarlyError();
  }

  /**
   * Counts the objects that no record of the page vouches for: all objects before the record, and
   * after it those beside the listed ones.
   */
  #slice(page: PageAccount, slice: PageResult, volume: number | undefined, at: number): void {
    const isReported = page.position !== undefined;
    const early = isReported ? undefined : amountOf(slice, page);
    let objects = 0;
    for (const object of slice.objects) {
      const had = page.outcomes[object.index] ?? 0;
      const isNew = this.#object(page, object, volume, at);
      if ((isNew && had === codes.stored) || (!isReported && had === 0)) objects++;
    }
    if (objects === 0 && isReported) return;
    const { bytes } = early ?? textOf(slice);
    this.#tables.untold.add(page.job, page.id, { objects, bytes });
  }

  /** Returns whether nothing was stored by its name before. */
  #object(page: PageAccount, object: ObjectResult, volume: number | undefined, at: number): boolean {
    const isStored = object.outcome === "stored" && volume !== undefined;
    const isNew = isStored && this.#tables.objects.store(page.directory, object, volume, at);
    this.#outcomes.report(page, object, volume, at);
    return isNew;
  }
}

/**
 * Results of a page that is not reported yet: their objects, and bytes that they may take in the catalogue.
 */
function amountOf(slice: PageResult, page: PageAccount | undefined): Amount {
  const { objects, bytes } = textOf(slice);
  const length = slice.objects.reduce((most, { index }) => Math.max(most, index + 1), 0);
  return { objects, bytes: bytes + Math.max(0, length - (page?.outcomes.length ?? 0)) };
}

/** Something else was stored as this entry of the page, and nothing by this name. */
function isBesides(page: PageAccount, { index, name, outcome }: ObjectResult, table: Objects): boolean {
  return outcome === "stored" && page.outcomes[index] === codes.stored && !table.knows(page.directory, name);
}
