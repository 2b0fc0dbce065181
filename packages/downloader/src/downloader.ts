import {
  type ConsumerParts,
  type ConsumerWords,
  type DirectFetch,
  type FilesMessage,
  GuardedConsumer,
  type Placement,
  type Witness,
} from "@brigade/core";
import type { BatchParts } from "./batch/batch.ts";
import { FullVolumes } from "./batch/full-volumes.ts";
import { handleBatch } from "./batch/handle-batch.ts";
import { countFiles, listedIn, splitFiles } from "./batch/listed.ts";
import { Report } from "./batch/report.ts";
import { ObjectHealth, type ObjectHealthOptions } from "./health/object-health.ts";
import { BodyMemory } from "./memory/body-memory.ts";
import { LargeObjects } from "./object/large-objects.ts";
import { StoreWord } from "./object/store-word.ts";

export interface DownloaderParts extends ConsumerParts {
  readonly placement: Placement;
  /** The short way for objects that come as they were listed; absent if there is none. */
  readonly direct?: DirectFetch | undefined;
  /**
   * No volume can accept anything, for this reason. Fetching pauses until one can. Called again
   * when it is another reason meanwhile.
   */
  readonly onExhausted: (reason: string) => void;
}

export interface DownloaderOptions extends ObjectHealthOptions {
  /** Batches in hand. */
  readonly prefetch: number;
  readonly maxAttempts: number;
  /** Bytes of small bodies in memory at once. */
  readonly memory: number;
  /** Requests that the source ever runs at once, at most. */
  readonly concurrency: number;
  /**
   * Returns the same for this moment: four times as many objects are begun. Default: `concurrency`.
   */
  readonly concurrencyNow?: () => number;
  /** Bytes from which on an object is fetched in segments. */
  readonly largeObject: number;
  /** Requests for one such object at once, at most. */
  readonly largeConnections: number;
}

export interface Downloader {
  /** Why fetching pauses, for people; empty while it runs. */
  readonly pauses: readonly string[];
  /**
   * Whether the disks are slower than what comes. In the usual way, objects wait for memory then. In
   * the short way, all batches are in hand, and most of their objects wait to be stored.
   */
  readonly isWaitingForDisks: boolean;
  /**
   * Called by a lister of the same process with what it lists unchanged. Messages carry some of it,
   * too, and may come later.
   */
  listedUnchanged(witnesses: readonly Witness[]): void;
  /** Begins nothing more, lets what is in hand finish within `graceMs`, then gives it back. */
  stop(graceMs: number): Promise<void>;
}

/** Requests at once for large objects, at most. */
const mostForLarge = 32;

const words: ConsumerWords = { activity: "fetching", refusing: "source refuses everything" };

/** Turns `files` messages into files on volumes and results, until it is stopped. */
export async function createDownloader(
  parts: DownloaderParts,
  options: DownloaderOptions,
): Promise<Downloader> {
  const consumer = new GuardedConsumer<"files">(parts, words);
  const health = new ObjectHealth({ ...parts, ...consumer.outage }, options);
  const batchParts = batchPartsOf(parts, options, consumer, health);
  const forRetries = Math.max(1, Math.floor(options.prefetch / 4));
  const newWork = Math.max(1, options.prefetch - forRetries);
  let inHand = 0;
  await consumer.start({
    type: "files",
    queues: [
      { queue: "files", prefetch: newWork },
      { queue: "retry", prefetch: forRetries },
    ],
    comesBackBy: "retry",
    count: countFiles,
    split: splitFiles,
    run: async (message, delivery, signal) => {
      health.serve(message);
      inHand++;
      try {
        return await handleBatch(batchParts, message, delivery, signal);
      } finally {
        inHand--;
      }
    },
    fail: (message, reason) => reportDeadly(batchParts, message, reason),
  });
  return {
    get pauses() {
      return consumer.pauses;
    },
    get isWaitingForDisks() {
      const isFull = inHand >= newWork;
      return batchParts.memory.isShort || (isFull && parts.direct?.isWaitingForDisks === true);
    },
    listedUnchanged: (witnesses) => health.listedUnchanged(witnesses),
    stop: (graceMs) => consumer.stop(graceMs),
  };
}

function batchPartsOf(
  parts: DownloaderParts,
  options: DownloaderOptions,
  consumer: GuardedConsumer<"files">,
  health: ObjectHealth,
): BatchParts {
  const { placement, broker, host, log } = parts;
  const { source, restraint, inHand, now, delay, alarm, valve, leaving } = consumer;
  const storeWord = new StoreWord(source, now);
  const { concurrencyNow = () => options.concurrency } = options;
  const connections = Math.min(options.largeConnections, options.concurrency);
  // Half of the connections stay for small objects, and each large one needs its part of the memory.
  const forLarge = Math.min(options.concurrency / 2, mostForLarge);
  const atOnce = Math.max(1, Math.floor(forLarge / connections));
  const large = { from: options.largeObject, connections, atOnce, memory: options.memory / atOnce };
  const fullVolumes = new FullVolumes({ ...parts, valve, delay, leaving });
  return {
    source,
    storeWord,
    health,
    memory: new BodyMemory(options.memory, concurrencyNow, placement, restraint),
    large: new LargeObjects({ source, storeWord, log, delay, restraint }, large),
    broker,
    placement,
    direct: parts.direct,
    hostFailed: (volume, error, bytes) => {
      if (error.kind === "limits") restraint.reached(error);
      else placement.failed(volume, error, bytes);
    },
    host,
    log,
    now,
    delay,
    alarm,
    inHand,
    maxAttempts: options.maxAttempts,
    onExhausted: (reason, bytes) => void fullVolumes.wait(reason, bytes),
  };
}

/** Reports every object of a batch failed: its processes died of it. */
async function reportDeadly(
  { broker, host, now }: BatchParts,
  message: FilesMessage,
  reason: string,
): Promise<void> {
  const report = new Report(message, host, now());
  for (const listed of listedIn(message)) report.failed(listed, reason, "deadly");
  await broker.publish(report.messages());
}
