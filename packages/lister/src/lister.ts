import type {
  Alarm,
  Broker,
  Delayer,
  Delivery,
  DirectoryMessage,
  FatalError,
  Filters,
  Job,
  Log,
  PageHistory,
  Source,
  SourceErrorKind,
  Verdict,
  WalkPosition,
} from "@brigade/core";
import {
  alarm,
  classify,
  delay,
  delays,
  eitherSignal,
  HostError,
  InHand,
  mayBeDone,
  otherMeaning,
  Quarantine,
  RequestGate,
  Restraint,
  SourceError,
  Valve,
  withGate,
} from "@brigade/core";
import pLimit from "p-limit";
import { Announcement, firstPage, type Walked } from "./announcement.ts";
import { DirectoryHealth } from "./directory-health.ts";
import { createFilter, type Filter } from "./filters.ts";
import { Gate } from "./gate.ts";
import { Historian, HistoryAway } from "./historian.ts";
import { type Again, idOf, plain, split, verdictOn } from "./positions.ts";
import { emptyPage, walkPage } from "./walk.ts";

export interface ListerParts {
  /** As it is. */
  readonly source: Source;
  /** Wraps it for all requests but probes: in retries, for example. By default they go as they come. */
  readonly pace?: (source: Source) => Source;
  /** The source's name. */
  readonly name: string;
  readonly broker: Broker;
  readonly history: PageHistory;
  /** Whether an error of `history` only means that it is away for a while: its pages wait then. By default none does. */
  readonly historyIsAway?: (error: unknown) => boolean;
  readonly host: string;
  readonly log: Log;
  /** The source refuses us, or is away for too long. */
  readonly onGiveUp: (error: FatalError) => void;
  /** The source refuses everything, which may be because it was asked too fast. */
  readonly onBan: () => void;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Milliseconds of a clock that nobody sets; by default since the beginning of this process. */
  readonly monotonic?: () => number;
  readonly delay?: Delayer;
  readonly alarm?: Alarm;
}

export interface ListerOptions {
  /** Listing requests at once. */
  readonly concurrency: number;
  readonly batchFiles: number;
  readonly batchBytes: number;
  readonly highWater: number;
  readonly maxAttempts: number;
  /** Milliseconds. */
  readonly outageLimit: number;
}

/** A directory that its parent named but that answers 404 is believed gone after this many tries. */
const triesBeforeGone = 3;
/** What a directory is not asked for again after, where it is the only one. */
const refusals = new Set<SourceErrorKind>(["forbidden", "unauthorized", "misconfigured"]);

export interface Lister extends AsyncDisposable {
  /** Why listing pauses, for people; empty while it runs. */
  readonly pauses: readonly string[];
}

/** Turns `directory` messages into batches, child directories and page records until it is disposed. */
export async function createLister(parts: ListerParts, options: ListerOptions): Promise<Lister> {
  const { broker, name, log } = parts;
  const { now = Date.now, monotonic = () => performance.now(), delay: wait = delay } = parts;
  const leaving = new AbortController();
  const orLeaving = eitherSignal(leaving.signal);
  const valve = new Valve();
  const quarantine = new Quarantine({
    valve,
    consumeAlone: () =>
      broker.consume({ source: name, queue: "directories" }, { prefetch: 1, isFirst: true }, (delivery) =>
        handle({ ...delivery, standAside() {} }, true),
      ),
    log,
    delay: wait,
    alarm: parts.alarm ?? alarm,
    lived: monotonic,
    leaving: leaving.signal,
  });
  const gate = new Gate(broker, name, valve, {
    highWater: options.highWater,
    signal: leaving.signal,
    log,
    now: monotonic,
    delay: wait,
  });
  const requests = new RequestGate();
  const source = (parts.pace ?? ((one) => one))(withGate(parts.source, requests));
  const health = new DirectoryHealth(
    {
      source: parts.source,
      gate: requests,
      onPause: ({ reason, isBan }) => {
        log.warn({ reason }, `listing pauses: the source ${isBan ? "refuses everything" : "is unwell"}`);
        void valve.close("source unwell");
        if (isBan) parts.onBan();
      },
      onResume: (pausedMs) => {
        log.warn({ pausedMs }, "listing goes on: the source answers again");
        void valve.open("source unwell");
      },
      onGiveUp: parts.onGiveUp,
      signal: leaving.signal,
      now: monotonic,
      delay: wait,
    },
    options.outageLimit,
  );
  const historian = new Historian(parts.history, { isAway: parts.historyIsAway, log, now: monotonic });
  const inHand = new InHand();
  const slots = pLimit(options.concurrency);
  const restraint = new Restraint(log, monotonic);
  const { batchFiles, batchBytes } = options;
  const announcing = { broker, batchSize: { files: batchFiles, bytes: batchBytes }, host: parts.host, now };

  async function handle(delivery: Delivery, isAlone: boolean): Promise<Verdict> {
    const { message } = delivery;
    if (message.type !== "directory")
      return { kind: "reject", reason: `a ${message.type} message among directories` };
    if (message.job.fingerprint !== parts.source.fingerprint) {
      void valve.close("configured differently");
      parts.onGiveUp(otherMeaning(message.job));
      return { kind: "release" };
    }
    if (isAlone && quarantine.isPaused) return { kind: "retry", remainder: [message], delay: delays[1] };
    if (!isAlone && (valve.isClosed || !(await gate.admits()))) return { kind: "release" };
    const work = {
      message,
      delivery,
      pieces: message.positions.length,
      split: (shares: number) => split(message, shares),
      run: (signal: AbortSignal) => list(message, delivery, isAlone, orLeaving(signal)),
      fail: (reason: string) =>
        broker.publish(message.positions.map((one) => emptyPage(message.job, one, "failed", reason))),
    };
    return await quarantine.handle(work, isAlone);
  }

  async function list(
    message: DirectoryMessage,
    delivery: Delivery,
    isAlone: boolean,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const filter = createFilter(message.filters);
    const told = new Announcement(message, announcing);
    const listed = Promise.withResolvers<boolean>();
    using _ = { [Symbol.dispose]: () => listed.resolve(true) };
    delivery.onOverdue(async () => {
      for (const position of message.positions) inHand.keep(idOf(message.job, position), listed.promise);
      return [plain(message)];
    });
    const again: Again[] = [];
    const isRepeated = mayBeDone(message, delivery.isRepeated);
    slots.concurrency = restraint.of(options.concurrency);
    await Promise.all(
      message.positions.map(async (position) => {
        // Where it is still being listed, it is waited for: a recorded page is not listed again.
        if (message.inHand) await inHand.find(idOf(message.job, position));
        await slots(async () => {
          // A message may hold many pages: what was not begun at the mark waits like any other message.
          if (!isAlone && !(await gate.admits())) {
            again.push({ again: position, counted: false, waitMs: 0 });
            return;
          }
          const walked = await walk(message, position, filter, isRepeated, signal);
          if ("again" in walked) again.push(walked);
          else if (!delivery.signal.aborted) await told.add(walked);
        });
      }),
    );
    if (delivery.signal.aborted) return { kind: "release" };
    await told.publish();
    return verdictOn(message, again);
  }

  async function walk(
    message: DirectoryMessage,
    position: WalkPosition,
    filter: Filter,
    redelivered: boolean,
    signal: AbortSignal,
  ): Promise<Walked | Again> {
    const { job } = message;
    const begunAt = health.begin();
    try {
      // While the history is away, it is asked before the source: no page is listed in vain.
      if (redelivered || (historian.isAway && job.first !== true)) {
        const recorded = await historian.recorded({ ...position, job: job.id });
        if (recorded !== undefined && recorded.end !== "failed") return { next: recorded.next };
      }
      const page = await walkPage(job, position, source, filter, historian.unchangedOf(job), signal);
      health.listed(begunAt, page.record);
      for (const { name: entry, reason } of page.refused)
        log.warn({ directory: position.directory, name: entry, reason }, "an object failed");
      return { page };
    } catch (error) {
      if (signal.aborted) return { again: position, counted: false, waitMs: 0 };
      return await afterFailure(message, position, error, begunAt);
    }
  }

  async function afterFailure(
    { job, attempt }: DirectoryMessage,
    position: WalkPosition,
    error: unknown,
    begunAt: number,
  ): Promise<Walked | Again> {
    if (error instanceof HistoryAway) return { again: position, counted: false, waitMs: error.waitMs };
    const failure = classify(error);
    if (failure.fault === "cancelled" || leaving.signal.aborted) {
      return { again: position, counted: false, waitMs: 0 };
    }
    if (error instanceof HostError && error.kind === "limits") {
      restraint.reached(error);
      return { again: position, counted: false, waitMs: delays[0] };
    }
    if (!(error instanceof SourceError)) throw error;
    const { directory, page } = position;
    const waitMs = Math.max(delays[Math.min(attempt, delays.length - 1)] ?? 0, error.retryAfterMs ?? 0);
    // A host that answers 404 or 403 to everything must not make directories vanish or fail.
    if (!(await health.isOwn(job, directory, error, begunAt)))
      return { again: position, counted: false, waitMs };
    const gone = error.kind === "missing" && page === 1 && directory !== job.prefix;
    if (gone && attempt + 1 >= triesBeforeGone) {
      log.info({ directory }, "a directory is gone since its parent was listed");
      return { record: emptyPage(job, position, "last", "gone since its parent was listed") };
    }
    // A new walk starts with fresh attempts: their number is bounded too, or lost cursors would never end.
    const triesSpent = Math.max(attempt, error.kind === "bad-cursor" ? position.walk : 0) + 1;
    if (refusals.has(error.kind) || triesSpent >= options.maxAttempts) {
      log.warn({ directory, page, attempt, reason: error.message }, "a directory could not be listed");
      return { record: emptyPage(job, position, "failed", error.message) };
    }
    log.debug({ directory, page, attempt, reason: error.message }, "a page is tried again later");
    const restart = { directory, walk: position.walk + 1, page: 1 };
    return { again: error.kind === "bad-cursor" ? restart : position, counted: true, waitMs };
  }

  const subscription = await broker.consume(
    { source: name, queue: "directories" },
    { prefetch: options.concurrency },
    (delivery) => handle(delivery, false),
  );
  await valve.add(subscription);

  return {
    get pauses() {
      return valve.reasons;
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await valve.close("stopping");
      await subscription[Symbol.asyncDispose]();
      await quarantine[Symbol.asyncDispose]();
    },
  };
}

/** The message that starts a job: its root directory. */
export function rootMessage(job: Job, prefix: string, filters: Filters): DirectoryMessage {
  return { v: 1, type: "directory", job, filters, positions: [firstPage(prefix)], attempt: 0 };
}
