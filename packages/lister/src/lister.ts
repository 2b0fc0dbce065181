import {
  type ConsumerParts,
  type ConsumerWords,
  type DirectoryMessage,
  type Filters,
  GuardedConsumer,
  type Job,
  type PageHistory,
  type Places,
  type Source,
  type Witness,
} from "@brigade/core";
import { firstPage } from "./page/announcement.ts";
import { Listing } from "./page/listing.ts";
import { split } from "./page/positions.ts";
import { LatestWitnesses } from "./page/witnesses.ts";
import { ListingPlaces } from "./places/listing-places.ts";
import { Prefetch } from "./places/prefetch.ts";
import { DirectoryHealth } from "./waiting/directory-health.ts";
import { Gate } from "./waiting/gate.ts";
import { Historian } from "./waiting/historian.ts";

export interface ListerParts extends ConsumerParts {
  /**
   * Wraps the source for all requests but probes: in retries, for example. By default they are sent
   * as they are.
   */
  readonly pace?: (source: Source) => Source;
  readonly history: PageHistory;
  /**
   * Whether an error of `history` means that it is away for a while: its pages wait then. By
   * default no error does.
   */
  readonly historyIsAway?: (error: unknown) => boolean;
  /** Called with some of the unchanged objects of each page that has any. */
  readonly onUnchanged?: (witnesses: readonly Witness[]) => void;
}

export interface ListerOptions {
  /** Pages that are listed at once. */
  readonly concurrency: Places;
  readonly batchFiles: number;
  readonly batchBytes: number;
  readonly highWater: number;
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly outageLimit: number;
}

export interface Lister extends AsyncDisposable {
  /** Why listing pauses, for people; empty while it runs. */
  readonly pauses: readonly string[];
  readonly places: Pick<ListingPlaces, "running" | "isShort" | "isAtMost">;
}

const words: ConsumerWords = { activity: "listing", refusing: "source unwell" };

/**
 * Turns `directory` messages into batches, child directories and page records until it is disposed.
 */
export async function createLister(parts: ListerParts, options: ListerOptions): Promise<Lister> {
  const { broker, name, log, host, pace = (source) => source } = parts;
  const consumer = new GuardedConsumer<"directory">(parts, words);
  const { now, monotonic, delay, restraint, inHand, leaving } = consumer;
  const places = new ListingPlaces(options.concurrency, monotonic);
  const prefetch = new Prefetch(options.concurrency.most, (messages) => consumer.setPrefetch(messages));
  const gate = new Gate(broker, name, consumer.valve, {
    highWater: options.highWater,
    onPlenty: () => places.notNeeded(),
    signal: leaving,
    log,
    now: monotonic,
    delay,
  });
  const listing = new Listing(
    {
      source: pace(consumer.source),
      health: new DirectoryHealth({ ...consumer.outage, source: parts.source }, options.outageLimit),
      historian: new Historian(parts.history, { isAway: parts.historyIsAway, log, now: monotonic }),
      gate,
      places,
      witnesses: new LatestWitnesses(parts.onUnchanged),
      broker,
      host,
      log,
      now,
      restraint,
      inHand,
      leaving,
    },
    options,
  );
  await consumer.start({
    type: "directory",
    queues: [{ queue: "directories", prefetch: prefetch.first }],
    comesBackBy: "directories",
    count: ({ positions }) => positions.length,
    split,
    admits: () => gate.admits(),
    run: (message, delivery, signal, isAlone) => {
      prefetch.came(message.positions.length, places.limit);
      return listing.list(message, delivery, signal, isAlone);
    },
    fail: (message, reason) => listing.fail(message, reason),
  });
  return {
    get pauses() {
      return consumer.pauses;
    },
    places,
    [Symbol.asyncDispose]: () => consumer[Symbol.asyncDispose](),
  };
}

/** The message that starts a job: its root directory. */
export function rootMessage(job: Job, prefix: string, filters: Filters): DirectoryMessage {
  return { v: 1, type: "directory", job, filters, positions: [firstPage(prefix)], attempt: 0 };
}
