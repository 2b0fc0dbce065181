import type { PageMessage, PagePartMessage, ResultMessage } from "@brigade/core";
import { MessageError } from "@brigade/core/thread";
import type { Tables } from "../database/transactions.ts";
import type { DatabaseSync } from "../sqlite.ts";
import { besides } from "../tables/breaks.ts";
import type { JobNumbers } from "../tables/jobs.ts";
import { PageParts } from "../tables/page-parts.ts";
import type { PageAccount } from "../tables/pages.ts";
import { checkPlace, readBitmap } from "./contradictions.ts";
import { grown, Outcomes } from "./outcomes.ts";
import { atMostNow } from "./plausible-times.ts";
import { Results } from "./results.ts";

/** What is reported to the ledger. */
export type RecordMessage = PageMessage | PagePartMessage | ResultMessage;

/**
 * Enters messages into the tables. In any order, any number of times: the same tables come out.
 * Throws MessageError, and TooEarlyError if the message is to come again later, before anything
 * of the message is entered.
 */
export class Recorder {
  readonly #tables: Tables;
  readonly #parts: PageParts;
  readonly #outcomes: Outcomes;
  readonly #results: Results;

  constructor(db: DatabaseSync, tables: Tables) {
    this.#tables = tables;
    this.#parts = new PageParts(db);
    this.#outcomes = new Outcomes(tables.misses);
    this.#results = new Results(tables, this.#outcomes);
  }

  /** `now`: Unix milliseconds. Returns the number of the job. */
  record(message: RecordMessage, now: number): number {
    const job = this.#jobOf(message);
    if (message.type === "result") {
      const reported = atMostNow(message, now);
      if (job.isPruned) this.#results.late(job, reported);
      else this.#results.enter(job, reported);
    } else if (job.isPruned) return job.n;
    else if (message.type === "page") this.#page(job, message, message.directories);
    else this.#part(job, message);
    return job.n;
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
    const { directories, pages, breaks, visits, untold } = this.#tables;
    const { walk, page: number } = message;
    const directory = directories.number(job.origin, message.directory);
    if (pages.at(job.n, directory, walk, number) !== undefined) return;
    if (message.end === "failed") {
      const reason = message.reason ?? "no reason given";
      const isNew = breaks.add(job.n, { directory, walk, page: number, reason }, message.id);
      if (isNew) visits.broke(job.n, directory, walk);
      return;
    }
    const bitmap = readBitmap(message);
    const page = pages.get(job.n, message.id) ?? pages.create(job.n, message.id, directory);
    checkPlace(page, directory, message);
    place(page, message);
    untold.pageReported(job.n, message.id, message.count);
    this.#outcomes.markUnchanged(page, bitmap, message.unchangedBytes ?? 0);
    page.sizes.clear();
    pages.write(page);
    visits.placed(page, breaks.heal(job.n, directory, walk, number));
    if (message.unlisted !== undefined) {
      const below = { directory, walk, page: besides(number), reason: message.unlisted };
      breaks.add(job.n, below, message.id);
      visits.broke(job.n, directory, walk);
    }
    for (const child of named) visits.name(job.n, directories.number(job.origin, child));
  }
}

function place(page: PageAccount, message: PageMessage): void {
  page.position = { walk: message.walk, page: message.page };
  page.last = message.end === "last";
  page.next = message.next === undefined ? undefined : JSON.stringify(message.next);
  page.outcomes = grown(page.outcomes, message.count);
  page.counts.listed = message.count;
  page.counts.listed_bytes = message.bytes;
}
