import type {
  Alarm,
  Broker,
  Delayer,
  Delivery,
  FatalError,
  FilesMessage,
  Log,
  Placement,
  Source,
  Subscription,
  Verdict,
  Work,
} from "@brigade/core";
import {
  alarm,
  delay,
  delays,
  eitherSignal,
  InHand,
  otherMeaning,
  Quarantine,
  RequestGate,
  Restraint,
  Valve,
  withGate,
} from "@brigade/core";
import type { BatchParts } from "./batch.ts";
import { BodyMemory } from "./body-memory.ts";
import { handleBatch } from "./handle-batch.ts";
import { LargeObjects } from "./large-objects.ts";
import { listedIn } from "./listed.ts";
import { ObjectHealth, type ObjectHealthOptions } from "./object-health.ts";
import { Report } from "./report.ts";
import { countFiles, splitFiles } from "./split.ts";
import { StoreWord } from "./store-word.ts";

export interface DownloaderParts {
  /** As it is. */
  readonly source: Source;
  /** The source's name. */
  readonly name: string;
  readonly broker: Broker;
  readonly placement: Placement;
  readonly host: string;
  readonly log: Log;
  /** The source refuses us or is away for too long, or it can never work as configured. */
  readonly onGiveUp: (error: FatalError) => void;
  /** The source refuses everything, which may be because it was asked too fast. */
  readonly onBan: () => void;
  /** No volume can take anything, for this reason. Fetching pauses until one can. */
  readonly onExhausted: (reason: string) => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets; by default since the beginning of this process. */
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
  const { now = Date.now, delay: wait = delay, alarm: ring = alarm } = parts;
  const { monotonic = () => performance.now() } = parts;
  const leaving = new AbortController();
  const orLeaving = eitherSignal(leaving.signal);
  const valve = new Valve();
  const quarantine = new Quarantine({
    valve,
    consumeAlone: () =>
      broker.consume({ source: name, queue: "retry" }, { prefetch: 1, isFirst: true }, (delivery) =>
        handle({ ...delivery, standAside() {} }, true),
      ),
    log,
    delay: wait,
    alarm: ring,
    lived: monotonic,
    leaving: leaving.signal,
  });
  const gate = new RequestGate();
  const source = withGate(parts.source, gate);
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
        if (isBan) parts.onBan();
      },
      onResume: (pausedMs) => {
        log.warn({ pausedMs }, "fetching goes on: the source answers again");
        void valve.open(pausedFor.reason);
      },
      signal: leaving.signal,
      now: monotonic,
      delay: wait,
    },
    options,
  );

  const storeWord = new StoreWord(source, now);
  const restraint = new Restraint(log, monotonic);
  const connections = Math.min(options.largeConnections, options.concurrency);
  // Half of the places stay for small ones.
  const atOnce = Math.max(1, Math.floor(options.concurrency / (2 * connections)));
  const batchParts: BatchParts = {
    source,
    storeWord,
    health,
    memory: new BodyMemory(options.memory, options.concurrency, placement.volumes, restraint),
    large: new LargeObjects(
      { source, storeWord, log, delay: wait, restraint },
      {
        from: options.largeObject,
        connections,
        atOnce,
        memory: options.memory / atOnce,
      },
    ),
    broker,
    placement,
    hostFailed: (volume, error, bytes) => {
      if (error.kind === "limits") restraint.reached(error);
      else placement.failed(volume, error, bytes);
    },
    host: parts.host,
    log,
    now,
    delay: wait,
    alarm: ring,
    inHand: new InHand(),
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

  async function handle(delivery: Delivery, isAlone: boolean): Promise<Verdict> {
    const { message } = delivery;
    if (message.type !== "files") return { kind: "reject", reason: `a ${message.type} message among files` };
    if (message.job.fingerprint !== parts.source.fingerprint) {
      void valve.close("configured differently");
      parts.onGiveUp(otherMeaning(message.job));
      return { kind: "release" };
    }
    if (isAlone && quarantine.isPaused) return { kind: "retry", remainder: [message], delay: delays[1] };
    if (!isAlone && valve.isClosed) return { kind: "release" };
    health.serve(message.job);
    const work: Work<FilesMessage> = {
      message,
      delivery,
      pieces: countFiles(message),
      run: (signal) => handleBatch(batchParts, message, delivery, orLeaving(signal)),
      split: (shares) => splitFiles(message, shares),
      fail: async (reason) => {
        const report = new Report(message.job, parts.host, now());
        for (const listed of listedIn(message)) report.failed(listed, reason, "deadly");
        await broker.publish(report.messages());
      },
    };
    return await quarantine.handle(work, isAlone);
  }

  const forRetries = Math.max(1, Math.floor(options.prefetch / 4));
  const consume = (queue: "files" | "retry", prefetch: number) =>
    broker.consume({ source: name, queue }, { prefetch }, (delivery) => handle(delivery, false));
  const subscriptions: Subscription[] = [
    await consume("files", Math.max(1, options.prefetch - forRetries)),
    await consume("retry", forRetries),
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
      await quarantine[Symbol.asyncDispose]();
    },
  };
}
