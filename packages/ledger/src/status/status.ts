import { setTimeout as sleep } from "node:timers/promises";
import {
  classify,
  type Delayer,
  HostError,
  type Log,
  type NewerMessages,
  type Presence,
  steadyTime,
} from "@brigade/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Queues, Rate, Status } from "../wire/status.ts";
import type { VolumeContents, VolumeDescription } from "../wire/volumes.ts";
import { Fleet } from "./fleet.ts";
import { LatestJobs } from "./latest-jobs.ts";
import { lostOf } from "./lost.ts";
import { QueueDepths } from "./queue-depths.ts";
import { Shares } from "./shares.ts";
import { Trouble } from "./trouble.ts";

export interface StatusParts {
  readonly catalogue: Catalogue;
  /** Shown even before they have a job. Queues are asked of these only; absent: of all that have had jobs. */
  readonly sources?: readonly string[];
  /** Ready messages of a source's queues. May take as long as it takes while the broker is away. */
  readonly depths?: (source: string) => Promise<Queues>;
  /** Names of a source's queues that are not there. Asked when all are empty. */
  readonly missingQueues?: (source: string) => Promise<readonly string[]>;
  /** Messages that this process was handed, and that need a newer program. */
  readonly newer?: (source: string) => readonly NewerMessages[];
  /** Why the broker takes no messages; undefined while it does. Absent: there are no services that could be heard. */
  readonly brokerTrouble?: () => string | undefined;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/** How it goes, kept in memory: an answer takes no time, however long the catalogue's commits are. */
export interface LiveStatus extends Disposable {
  /** The catalogue, to be used by those who record and who open and close jobs: so they are seen at once. */
  readonly catalogue: Catalogue;
  current(): Status;
  /** Of a source's latest job, oldest first: every 10 seconds for 6 hours, every second for the last 5 minutes. */
  rates(job: string): readonly Rate[] | undefined;
  /**
   * A service has said how it is. `user`: the broker's user who sent it, "" where the broker does not tell the user, `undefined` for this
   * program itself. Returns what is within the user's share, `undefined` if nothing is.
   */
  notePresence(presence: Presence, user?: string): Presence | undefined;
  /** Looks at jobs and volumes at once. Resolves when that is done or has failed (which is logged). */
  refresh(): Promise<void>;
  /** Waits; false when the status is disposed of meanwhile. */
  passed(ms: number): Promise<boolean>;
}

const secondMs = 1_000;
/** Jobs, volumes and queues are looked at every so many seconds. */
const lookEvery = 2;
/** Milliseconds between two seconds of ours; after more, this process was held up. */
const longestTurnMs = 5_000;

/**
 * Follows the catalogue until it is disposed of, which must be before the catalogue. Resolves when it has looked once.
 * Its timers keep no process alive.
 */
export async function createStatus(parts: StatusParts): Promise<LiveStatus> {
  const { catalogue, sources, depths, missingQueues, log } = parts;
  const { now = steadyTime, delay = unheld } = parts;
  const ending = new AbortController();
  const { signal } = ending;
  const jobs = new LatestJobs();
  const fleet = new Fleet();
  const shares = new Shares();
  /** Users who have said too much. */
  const loud = new Set<string>();
  const troubleOf = (what: string) => new Trouble(what, log, signal);
  const queues =
    depths && new QueueDepths({ depths, missingQueues }, () => troubleOf("the queues cannot be looked at"));
  const since = now();
  let volumes: readonly VolumeContents[] = [];
  let looking: Promise<void> | undefined;
  let lookAgain = false;

  const reading = troubleOf("the catalogue cannot be looked at");
  const entering = troubleOf("volumes cannot be entered into the catalogue");

  async function look(): Promise<void> {
    try {
      for (const { id, unreadable } of jobs.follow(await catalogue.jobs.all(), now())) {
        if (unreadable === undefined) jobs.progressed(await catalogue.jobs.progress(id));
      }
      volumes = await catalogue.questions.volumes();
      reading.end();
    } catch (error) {
      reading.begin(error);
    }
  }

  async function lookUntilSeen(): Promise<void> {
    do {
      lookAgain = false;
      await look();
    } while (lookAgain && !signal.aborted);
    looking = undefined;
  }

  function refresh(): Promise<void> {
    lookAgain = true;
    looking ??= lookUntilSeen();
    return looking;
  }

  function lookAtQueues(): void {
    for (const source of sources ?? jobs.sources) void queues?.ask(source, now);
  }

  async function passed(ms: number): Promise<boolean> {
    try {
      await delay(ms, signal);
    } catch (error) {
      if (classify(error).fault !== "cancelled") throw error;
    }
    return !signal.aborted;
  }

  async function follow(): Promise<void> {
    let lookedAt = now();
    for (let second = 1; await passed(secondMs); second++) {
      jobs.sample(now());
      // Who cannot be heard is not gone: while the broker is away, and after this process was held up.
      const isDeaf = parts.brokerTrouble?.() !== undefined || now() - lookedAt > longestTurnMs;
      lookedAt = now();
      if (isDeaf) fleet.volumes.postpone(lookedAt);
      else fleet.forgetSilent(lookedAt);
      shares.forgetSilent(lookedAt);
      if (parts.brokerTrouble !== undefined) enterGone(lookedAt);
      if (second % lookEvery === 0) {
        void refresh();
        lookAtQueues();
      }
    }
  }

  function enterGone(at: number): void {
    fleet.volumes.expect(volumes, at);
    for (const { seenAt, ...volume } of fleet.volumes.gone(at)) void enter([volume], seenAt);
  }

  /** Once each. */
  function complain(user: string): void {
    if (loud.has(user)) return;
    loud.add(user);
    log.warn(
      { user },
      "a user of the broker tells of more services or disks than one may: what is beyond is not heard. Somebody may have its password",
    );
  }

  async function enter(news: readonly VolumeDescription[], at: number): Promise<void> {
    if (news.length === 0) return;
    for (const { id, label, host } of news) {
      const was = volumes.find(({ volume }) => volume === id);
      if (was !== undefined && was.host !== host)
        log.warn(
          { volume: id, label, was: was.host, host },
          "a volume is at another host now, as that host says",
        );
    }
    try {
      await catalogue.recording.noteVolumes(news, at);
      entering.end();
    } catch (error) {
      fleet.volumes.notEntered(news, at);
      // Of a disk that fails, whoever opened the catalogue is told.
      if (!(error instanceof HostError)) entering.begin(error);
    }
  }

  const stopListening = catalogue.jobs.onCommit((all) => {
    for (const progress of all) jobs.progressed(progress);
  });
  await refresh();
  jobs.sample(now());
  lookAtQueues();
  void follow();

  return {
    catalogue: {
      ...catalogue,
      recording: {
        ...catalogue.recording,
        async record(messages) {
          const refusals = await catalogue.recording.record(messages);
          messages.forEach((message, i) => {
            if (refusals[i] === undefined) jobs.recorded(message, now());
          });
          return refusals;
        },
      },
      jobs: {
        ...catalogue.jobs,
        async open(job) {
          await catalogue.jobs.open(job);
          void refresh();
        },
        async close(id, state) {
          await catalogue.jobs.close(id, state);
          void refresh();
        },
        async settle(id) {
          const proof = await catalogue.jobs.settle(id);
          if (proof !== undefined) void refresh();
          return proof;
        },
      },
    },
    current() {
      const at = now();
      const trouble = parts.brokerTrouble?.();
      const names = [...new Set([...(sources ?? []), ...jobs.sources])].sort();
      return {
        at,
        since,
        ...(trouble !== undefined && { brokerTrouble: trouble }),
        sources: names.map((source) => {
          const job = jobs.statusOf(source, queues?.emptySince(source, at));
          const unreadable = jobs.unreadable(source);
          const waiting = queues?.of(source, at);
          const lost = waiting && lostOf(job, queues?.missing(source) ?? [], fleet.holds(source, at), at);
          const newer = fleet.newer(source, at, parts.newer?.(source) ?? []);
          return {
            source,
            ...(unreadable ? { unreadable } : job && { job }),
            ...(waiting && { queues: waiting }),
            ...(lost && { lost }),
            ...(newer.length > 0 && { newer }),
          };
        }),
        services: fleet.services(at),
        volumes: fleet.disks(volumes),
      };
    },
    rates: (job) => jobs.rates(job),
    notePresence(presence, user) {
      const at = now();
      const heard = user === undefined ? presence : shares.admit(presence, user, at);
      if (heard !== presence) complain(user ?? "");
      if (heard !== undefined) void enter(fleet.note(heard, at), at);
      return heard;
    },
    refresh,
    passed,
    [Symbol.dispose]() {
      ending.abort();
      stopListening();
    },
  };
}

/** Waits without keeping the process alive. */
async function unheld(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false });
}
