import {
  type Broker,
  classify,
  type Delivery,
  type DirectoryMessage,
  delays,
  HostError,
  type InHand,
  isLastingRefusal,
  type Log,
  mayBeDone,
  type Restraint,
  type Source,
  SourceError,
  type Verdict,
  type WalkPosition,
} from "@brigade/core";
import pLimit from "p-limit";
import { createFilter, type Filter } from "../filters/filters.ts";
import type { ListingPlaces } from "../places/listing-places.ts";
import type { DirectoryHealth } from "../waiting/directory-health.ts";
import type { Gate } from "../waiting/gate.ts";
import { type Historian, HistoryAway } from "../waiting/historian.ts";
import { Announcement, type AnnouncementParts, type Walked } from "./announcement.ts";
import { type Again, idOf, plain, verdictOn } from "./positions.ts";
import { emptyPage, walkPage } from "./walk.ts";
import type { LatestWitnesses } from "./witnesses.ts";

export interface ListingParts {
  readonly source: Source;
  readonly health: DirectoryHealth;
  readonly historian: Historian;
  readonly gate: Gate;
  readonly places: ListingPlaces;
  readonly witnesses: LatestWitnesses;
  readonly broker: Broker;
  readonly host: string;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly restraint: Restraint;
  readonly inHand: InHand;
  /** Aborted when what is in hand is to be given back. */
  readonly leaving: AbortSignal;
}

export interface ListingOptions {
  readonly batchFiles: number;
  readonly batchBytes: number;
  readonly maxAttempts: number;
}

/**
 * A directory that its parent named but that answers 404 counts as gone after this many tries.
 */
const triesBeforeGone = 3;

/** What is the same for all positions of a message that are listed now. */
interface Task {
  readonly message: DirectoryMessage;
  readonly filter: Filter;
  /** Some of its pages may have been recorded before. */
  readonly isRepeated: boolean;
  readonly signal: AbortSignal;
}

/** Lists the positions of directory messages. */
export class Listing {
  readonly #parts: ListingParts;
  readonly #options: ListingOptions;
  readonly #announcing: AnnouncementParts;
  readonly #slots: ReturnType<typeof pLimit>;

  constructor(parts: ListingParts, options: ListingOptions) {
    this.#parts = parts;
    this.#options = options;
    const { broker, host, now } = parts;
    this.#announcing = {
      broker,
      batchSize: { files: options.batchFiles, bytes: options.batchBytes },
      witnesses: parts.witnesses,
      host,
      now,
    };
    this.#slots = pLimit(parts.places.limit);
  }

  /**
   * Lists what a message asks for and publishes what comes of it. `isAlone`: nothing else is listed
   * meanwhile.
   */
  async list(
    message: DirectoryMessage,
    delivery: Delivery,
    signal: AbortSignal,
    isAlone: boolean,
  ): Promise<Verdict> {
    const { gate } = this.#parts;
    const task: Task = {
      message,
      filter: createFilter(message.filters),
      isRepeated: mayBeDone(message, delivery.isRepeated),
      signal,
    };
    const announcement = new Announcement(message, this.#announcing);
    using _ = this.#keepInHand(message, delivery);
    const again: Again[] = [];
    this.#fitSlots();
    const listOne = async (position: WalkPosition) => {
      // A message may hold many pages. Those not begun when the queues are full wait like any other
      // message.
      if (!isAlone && !(await gate.admits())) {
        again.push(untouched(position));
        return;
      }
      const walked = await this.#inPlace(async () => {
        const walked = await this.#walk(position, task);
        if (!("again" in walked || delivery.signal.aborted)) await announcement.add(walked);
        return walked;
      });
      if ("again" in walked) again.push(walked);
    };
    await Promise.all(
      message.positions.map(async (position) => {
        // If it is still being listed, it is waited for: a recorded page is not listed again.
        if (message.inHand) await this.#parts.inHand.find(idOf(message.job, position));
        await this.#slots(() => listOne(position));
      }),
    );
    if (delivery.signal.aborted) return { kind: "release" };
    await announcement.publish();
    return verdictOn(message, again);
  }

  /** Records all pages of a message as failed. */
  async fail({ job, positions }: DirectoryMessage, reason: string): Promise<void> {
    await this.#parts.broker.publish(positions.map((one) => emptyPage(job, one, "failed", reason)));
  }

  /**
   * When the delivery is overdue, its positions are known to be in hand until this is disposed of.
   */
  #keepInHand(message: DirectoryMessage, delivery: Delivery): Disposable {
    const listed = Promise.withResolvers<boolean>();
    delivery.onOverdue(async () => {
      for (const position of message.positions)
        this.#parts.inHand.keep(idOf(message.job, position), listed.promise);
      return [plain(message)];
    });
    return { [Symbol.dispose]: () => listed.resolve(true) };
  }

  /** Its announcement counts, too: pages that wait for the broker are in memory. */
  async #inPlace(walk: () => Promise<Walked | Again>): Promise<Walked | Again> {
    const { places } = this.#parts;
    let names: number | undefined;
    places.begin();
    try {
      const walked = await walk();
      if ("page" in walked) names = walked.page.record.count + walked.page.record.directories.length;
      return walked;
    } finally {
      places.end(names);
      this.#fitSlots();
    }
  }

  #fitSlots(): void {
    const { restraint, places } = this.#parts;
    const slots = restraint.of(places.limit);
    if (slots !== this.#slots.concurrency) this.#slots.concurrency = slots;
  }

  async #walk(position: WalkPosition, task: Task): Promise<Walked | Again> {
    const { source, health, historian, log } = this.#parts;
    const { message, filter, isRepeated, signal } = task;
    const { job } = message;
    const begunAt = health.begin();
    try {
      // While the history is away, it is asked before the source: no page is listed in vain.
      const mayBeListed = message.again === true && isFirst(position);
      if (isRepeated || mayBeListed || (historian.isAway && job.first !== true)) {
        const recorded = await historian.recorded({ ...position, job: job.id });
        // What follows a directory that is listed already has messages of its own.
        if (recorded !== undefined && mayBeListed && !isRepeated) return { next: undefined };
        if (recorded !== undefined && recorded.end !== "failed") return { next: recorded.next };
      }
      const page = await walkPage(job, position, source, filter, historian.unchangedOf(job), signal);
      health.listed(begunAt, page.record);
      this.#parts.witnesses.add(job, page.witnesses);
      for (const { name: entry, reason } of page.refused)
        log.warn({ directory: position.directory, name: entry, reason }, "an object failed");
      return { page };
    } catch (error) {
      if (signal.aborted) return untouched(position);
      return await this.#afterFailure(message, position, error, begunAt);
    }
  }

  async #afterFailure(
    message: DirectoryMessage,
    position: WalkPosition,
    error: unknown,
    begunAt: number,
  ): Promise<Walked | Again> {
    const { health, restraint, leaving } = this.#parts;
    if (error instanceof HistoryAway) return { again: position, counted: false, waitMs: error.waitMs };
    if (classify(error).fault === "cancelled" || leaving.aborted) return untouched(position);
    if (error instanceof HostError && error.kind === "limits") {
      restraint.reached(error);
      return { again: position, counted: false, waitMs: delays[0] };
    }
    if (!(error instanceof SourceError)) throw error;
    // A host that answers 404 or 403 to everything must not make directories vanish or fail.
    if (await health.isOwn(message.job, position.directory, error, begunAt))
      return this.#afterOwnFault(message, position, error);
    return { again: position, counted: false, waitMs: waitAfter(message, error) };
  }

  /** The directory is gone, cannot be listed, or is tried again. */
  #afterOwnFault(message: DirectoryMessage, position: WalkPosition, error: SourceError): Walked | Again {
    const { log } = this.#parts;
    const { job, attempt } = message;
    const { directory, page } = position;
    const isGone = error.kind === "missing" && page === 1 && directory !== job.prefix;
    if (isGone && attempt + 1 >= triesBeforeGone) {
      log.info({ directory }, "a directory is gone since its parent was listed");
      return { record: emptyPage(job, position, "last", "gone since its parent was listed") };
    }
    const isCursorLost = error.kind === "bad-cursor";
    // A new walk starts with fresh attempts. The number of walks counts too, or lost cursors would
    // never end.
    const triesSpent = Math.max(attempt, isCursorLost ? position.walk : 0) + 1;
    if (isLastingRefusal(error) || triesSpent >= this.#options.maxAttempts) {
      log.warn({ directory, page, attempt, reason: error.message }, "a directory could not be listed");
      return { record: emptyPage(job, position, "failed", error.message) };
    }
    log.debug({ directory, page, attempt, reason: error.message }, "a page is tried again later");
    const restart = { directory, walk: position.walk + 1, page: 1 };
    return { again: isCursorLost ? restart : position, counted: true, waitMs: waitAfter(message, error) };
  }
}

function isFirst({ walk, page }: WalkPosition): boolean {
  return walk === 0 && page === 1;
}

/** The position comes again as it is, at once. */
function untouched(position: WalkPosition): Again {
  return { again: position, counted: false, waitMs: 0 };
}

/** Milliseconds. */
function waitAfter({ attempt }: DirectoryMessage, { retryAfterMs = 0 }: SourceError): number {
  return Math.max(delays[Math.min(attempt, delays.length - 1)] ?? 0, retryAfterMs);
}
