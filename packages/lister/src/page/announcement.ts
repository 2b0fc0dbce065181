import type {
  Broker,
  DirectoryMessage,
  Filters,
  Job,
  Message,
  PageMessage,
  ResultMessage,
  WalkPosition,
} from "@brigade/core";
import { type BatchSize, packBatches } from "./batches.ts";
import type { WalkedPage } from "./walk.ts";
import type { LatestWitnesses } from "./witnesses.ts";

/**
 * What one position came to: a listed page, the next page after one that was recorded before, or
 * only a record.
 */
export type Walked =
  | { readonly page: WalkedPage }
  | { readonly next: WalkPosition | undefined }
  | { readonly record: PageMessage };

export interface AnnouncementParts {
  readonly broker: Broker;
  readonly batchSize: BatchSize;
  readonly witnesses: LatestWitnesses;
  readonly host: string;
  /** Unix milliseconds. */
  readonly now: () => number;
}

/** Child directories per message. Small ones in the same message share batches. */
const directoriesPerMessage = 16;
/**
 * Entries of pages that are published together, at least. Wide directories must not gather in
 * memory.
 */
const entriesTogether = 1_000;

/**
 * Publishes what the positions of a directory message came to: small pages together, large ones as
 * they come.
 */
export class Announcement {
  readonly #job: Job;
  readonly #filters: Filters;
  readonly #again: Pick<DirectoryMessage, "again">;
  readonly #parts: AnnouncementParts;
  #walked: Walked[] = [];
  #entries = 0;

  constructor({ job, filters, again }: DirectoryMessage, parts: AnnouncementParts) {
    this.#job = job;
    this.#filters = filters;
    this.#again = again === true ? { again } : {};
    this.#parts = parts;
  }

  async add(walked: Walked): Promise<void> {
    this.#walked.push(walked);
    if ("page" in walked) this.#entries += walked.page.record.count + walked.page.record.directories.length;
    if (this.#entries >= entriesTogether) await this.publish();
  }

  /**
   * The order matters (rule 1): work and children, then the record of the page, then the next page.
   */
  async publish(): Promise<void> {
    const walked = this.#walked;
    this.#walked = [];
    this.#entries = 0;
    const pages = walked.flatMap((one) => ("page" in one ? [one.page] : []));
    const slices = pages.flatMap(({ wanted }) => (wanted === undefined ? [] : [wanted]));
    const { batchSize, witnesses } = this.#parts;
    await this.#send([
      ...witnesses.spreadOver(packBatches(this.#job, slices, batchSize)),
      ...this.#children(pages.flatMap(({ record }) => record.directories)),
      ...this.#refusals(pages.filter(({ refused }) => refused.length > 0)),
    ]);
    await this.#send([
      ...pages.map(({ record }) => record),
      ...walked.flatMap((one) => ("record" in one ? [one.record] : [])),
    ]);
    const next = [
      ...pages.flatMap(({ record }) => record.next ?? []),
      ...walked.flatMap((one) => ("next" in one ? (one.next ?? []) : [])),
    ];
    await this.#send(next.map((position) => this.#directoryMessage([position])));
  }

  async #send(messages: readonly Message[]): Promise<void> {
    if (messages.length > 0) await this.#parts.broker.publish(messages);
  }

  #children(directories: readonly string[]): DirectoryMessage[] {
    const messages: DirectoryMessage[] = [];
    for (let i = 0; i < directories.length; i += directoriesPerMessage) {
      messages.push(this.#directoryMessage(directories.slice(i, i + directoriesPerMessage).map(firstPage)));
    }
    return messages;
  }

  #directoryMessage(positions: WalkPosition[]): DirectoryMessage {
    const [job, filters] = [this.#job, this.#filters];
    return { v: 1, type: "directory", job, filters, positions, attempt: 0, ...this.#again };
  }

  #refusals(pages: readonly WalkedPage[]): ResultMessage[] {
    if (pages.length === 0) return [];
    const refused = pages.map(({ record, refused }) => ({
      page: record.id,
      directory: record.directory,
      objects: [...refused],
    }));
    const { host, now } = this.#parts;
    return [{ v: 1, type: "result", job: this.#job, host, at: now(), pages: refused }];
  }
}

/** Where a walk of a directory begins. */
export function firstPage(directory: string): WalkPosition {
  return { directory, walk: 0, page: 1 };
}
