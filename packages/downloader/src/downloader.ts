import type {
  Alarm,
  Broker,
  Delayer,
  Delivery,
  FatalError,
  Log,
  Placement,
  Source,
  Subscription,
  Verdict,
} from "@brigade/core";
import {
  alarm,
  carefulFrom,
  deadlyFrom,
  delay,
  delays,
  eitherSignal,
  otherMeaning,
  Quarantine,
  RequestGate,
  Valve,
  withGate,
} from "@brigade/core";
import type { BatchParts } from "./batch.ts";
import { ByteBudget } from "./byte-budget.ts";
import { handleBatch } from "./handle-batch.ts";
import { LargeObjects } from "./large-objects.ts";
import { ObjectHealth, type ObjectHealthOptions } from "./object-health.ts";
import { Report } from "./report.ts";
import { countFiles, splitSingly } from "./split-singly.ts";
import { StoreWord } from "./store-word.ts";

export interface DownloaderParts {
  /** As it is. */
  readonly source: Source;
  /** Wraps it for all requests but probes: in limits, for example. By default they go as they come. */
  readonly pace?: (source: Source) => Source;
  /** The source's name. */
  readonly name: string;
  readonly broker: Broker;
  readonly placement: Placement;
  readonly host: string;
  readonly log: Log;
  /** The source refuses us or is away for too long, or it can never work as configured. */
  readonly onGiveUp: (error: FatalError) => void;
  /** The source refuses everything that it gave before. */
  readonly onBan?: () => void;
  /** No volume can take anything, for this reason. Fetching pauses until one can. */
  readonly onExhausted: (reason: string) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets. */
  readonly monotonic?: () => number;
  readonly delay?: Delayer;
  readonly alarm?: Alarm;
}

export interface DownloaderOptions extends ObjectHealthOptions {
  /** Batches in hand. */
  readonly prefetch: number;
  readonly maxAttempts: number;
  /** Bytes of small bodies in memory at once. */
  readonly memory: number;
  /** Requests that the source runs at once, at most: a few times as many objects are begun. */
  readonly concurrency: number;
  /** Bytes from which on an object is fetched in segments. */
  readonly largeObject: number;
  /** Requests for one such object at once, at most. */
  readonly largeConnections: number;
}

export interface Downloader {
  /** Why fetching pauses, for people; empty while it runs. */
  readonly pauses: readonly string[];
  /** Takes nothing new, lets what is in hand finish within `graceMs`, then interrupts it and gives it back. */
  stop(graceMs: number): Promise<void>;
}

const unwell = "source unwell";
const refusing = "source refuses everything";
const full = "no volume with room";
/** Milliseconds between looks at full disks. */
const roomPoll = 10_000;

/** Turns `files` messages into files on volumes and results, until it is stopped. */
export async function createDownloader(
  parts: DownloaderParts,
  options: DownloaderOptions,
): Promise<Downloader> {
  const { broker, name, placement, log } = parts;
  const { now = Date.now, delay: wait = delay } = parts;
  const leaving = new AbortController();
  const orLeaving = eitherSignal(leaving.signal);
  const valve = new Valve();
  const quarantine = new Quarantine(valve);
  const gate = new RequestGate();
  const source = (parts.pace ?? ((one) => one))(withGate(parts.source, gate));
  const pausedFor = { reason: unwell };
  const health = new ObjectHealth(
    {
      ...parts,
      gate,
      onPause: ({ reason, isBan }) => {
        pausedFor.reason = isBan ? refusing : unwell;
        const what = isBan ? "the source refuses everything" : "the source is unwell";
        log.warn({ reason }, `fetching pauses: ${what}`);
        void valve.close(pausedFor.reason);
        if (isBan) parts.onBan?.();
      },
      onResume: (pausedMs) => {
        log.warn({ pausedMs }, "fetching goes on: the source answers again");
        void valve.open(pausedFor.reason);
      },
      signal: leaving.signal,
      now: parts.monotonic ?? (() => performance.now()),
      delay: wait,
    },
    options,
  );

  const storeWord = new StoreWord(source, now);
  const connections = Math.min(options.largeConnections, options.concurrency);
  const batchParts: BatchParts = {
    source,
    storeWord,
    health,
    budget: new ByteBudget(options.memory, options.memory / (4 * options.concurrency)),
    large: new LargeObjects(
      { source, storeWord, log, delay: wait },
      {
        from: options.largeObject,
        connections,
        // Half of the places stay for small ones.
        atOnce: Math.max(1, Math.floor(options.concurrency / (2 * connections))),
      },
    ),
    broker,
    placement,
    host: parts.host,
    log,
    now,
    delay: wait,
    alarm: parts.alarm ?? alarm,
    maxAttempts: options.maxAttempts,
    onExhausted: (reason) => void waitForRoom(reason),
  };

  async function waitForRoom(reason: string): Promise<void> {
    if (valve.reasons.includes(full)) return;
    log.error({ reason }, "fetching pauses: no volume can take anything");
    const closed = valve.close(full);
    parts.onExhausted(reason);
    await closed;
    while (!leaving.signal.aborted && (await placement.exhausted()) !== undefined) {
      await wait(roomPoll, leaving.signal).catch(() => undefined);
    }
    if (!leaving.signal.aborted) await valve.open(full);
  }

  async function handle(delivery: Delivery): Promise<Verdict> {
    const { message, deliveries } = delivery;
    if (message.type !== "files") return { kind: "reject", reason: `a ${message.type} message among files` };
    if (message.job.fingerprint !== parts.source.fingerprint) {
      void valve.close("configured differently");
      parts.onGiveUp(otherMeaning(message.job));
      return { kind: "release" };
    }
    if (valve.isClosed) return { kind: "release" };
    health.serve(message.job);
    const signal = orLeaving(delivery.signal);
    const run = () => handleBatch(batchParts, message, delivery, signal);
    if (deliveries < carefulFrom) return await quarantine.among(run);

    log.warn(
      { deliveries, files: countFiles(message) },
      "a message whose process died repeatedly is handled with care",
    );
    if (countFiles(message) > 1) return { kind: "retry", remainder: splitSingly(message), delay: delays[0] };
    if (deliveries < deadlyFrom) return await quarantine.alone(run);
    const reason = `its process died ${deliveries} times`;
    const report = new Report(message.job, parts.host, now());
    for (const { page, directory, files } of message.slices) {
      for (const file of files) report.failed({ page, directory, file }, reason, "deadly");
    }
    await broker.publish(report.messages());
    return { kind: "reject", reason };
  }

  const forRetries = Math.max(1, Math.floor(options.prefetch / 4));
  const subscriptions: Subscription[] = [
    await broker.consume(
      { source: name, queue: "files" },
      { prefetch: Math.max(1, options.prefetch - forRetries) },
      handle,
    ),
    await broker.consume({ source: name, queue: "retry" }, { prefetch: forRetries }, handle),
  ];
  for (const subscription of subscriptions) await valve.add(subscription);

  return {
    get pauses() {
      return valve.reasons;
    },
    async stop(graceMs) {
      const stopped = new AbortController();
      wait(graceMs, stopped.signal).then(
        () => leaving.abort(),
        () => undefined, // all was done in time
      );
      await valve.close("stopping");
      await Promise.all(subscriptions.map((one) => one[Symbol.asyncDispose]()));
      stopped.abort();
      leaving.abort();
    },
  };
}
