import { setTimeout as sleep } from "node:timers/promises";
import {
  classify,
  type Delayer,
  HostError,
  type Log,
  type NewerMessages,
  type Presence,
  type Standing,
  steadyTime,
} from "@brigade/core";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Queues, Rate, SourceStatus, Status } from "../wire/status.ts";
import type { VolumeContents, VolumeDescription } from "../wire/volumes.ts";
import { Fleet } from "./fleet.ts";
import { forecastOf } from "./forecast.ts";
import { LatestJobs } from "./latest-jobs.ts";
import { lostOf } from "./lost.ts";
import { QueueDepths } from "./queue-depths.ts";
import { Shares } from "./shares.ts";
import { Trouble } from "./trouble.ts";
import { watched } from "./watched-catalogue.ts";

export interface StatusParts {
  readonly catalogue: Catalogue;
  /**
   * Shown even before they have a job. Queues are asked of these only; absent: of all that have had
   * jobs.
   */
  readonly sources?: readonly string[];
  /** Ready messages of a source's queues. May take as long as it takes while the broker is away. */
  readonly depths?: (source: string) => Promise<Queues>;
  /** Names of a source's queues that are not there. Asked when all are empty. */
  readonly missingQueues?: (source: string) => Promise<readonly string[]>;
  /** Messages that this process was handed, and that need a newer program. */
  readonly newer?: (source: string) => readonly NewerMessages[];
  /**
   * Why the broker accepts no messages; `undefined` while it does. Absent: there are no services that
   * could be heard.
   */
  readonly brokerTrouble?: () => string | undefined;
  /** What people have ordered, and holds. Absent: no orders can be given. */
  readonly standing?: () => Standing;
  /** Called with what a service has said and is within its user's share. */
  readonly onPresence?: (heard: Presence) => void;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now?: () => number;
  readonly delay?: Delayer;
}

/**
 * How it goes, kept in memory: an answer takes no time, however long the catalogue's commits are.
 */
export interface LiveStatus extends Disposable {
  /**
   * The catalogue, to be used by those who record and who open and close jobs: so they are seen at
   * once.
   */
  readonly catalogue: Catalogue;
  current(): Status;
  /**
   * Of a source's latest job, oldest first: every 10 seconds for 6 hours, every second for the last
   * 5 minutes.
   */
  rates(job: string): readonly Rate[] | undefined;
  /**
   * A service has said how it is. `user`: the broker's user who sent it, "" if the broker does not
   * tell the user, `undefined` for this program itself. Returns what is within the user's share,
   * `undefined` if nothing is.
   */
  notePresence(presence: Presence, user?: string): Presence | undefined;
  /**
   * Looks at jobs and volumes at once. Resolves when that is done or has failed (which is logged).
   */
  refresh(): Promise<void>;
  /** Waits; resolves with `false` if the status is disposed of meanwhile. */
  passed(ms: number): Promise<boolean>;
}

const secondMs = 1_000;
/** Seconds between two looks at jobs, volumes and queues. */
const lookEvery = 2;
/** Milliseconds between two seconds of ours; after more, this process was held up. */
const longestTurnMs = 5_000;

/**
 * Follows the catalogue until it is disposed of, which must be before the catalogue. Resolves when
 * it has looked once. Its timers keep no process alive.
 */
export async function createStatus(parts: StatusParts): Promise<LiveStatus> {
  const status = new FollowedStatus(parts);
  await status.begin();
  return status;
}

class FollowedStatus implements LiveStatus {
  readonly catalogue: Catalogue;
  readonly #parts: StatusParts;
  readonly #now: () => number;
  readonly #ending = new AbortController();
  readonly #since: number;
  readonly #jobs = new LatestJobs();
  readonly #fleet = new Fleet();
  readonly #shares = new Shares();
  /** Users who have said too much. */
  readonly #loud = new Set<string>();
  readonly #queues: QueueDepths | undefined;
  readonly #reading: Trouble;
  readonly #entering: Trouble;
  readonly #stopListening: () => void;
  #volumes: readonly VolumeContents[] = [];
  #looking: Promise<void> | undefined;
  #lookAgain = false;

  constructor(parts: StatusParts) {
    const { catalogue, depths, missingQueues, now = steadyTime } = parts;
    this.#parts = parts;
    this.#now = now;
    this.#since = now();
    this.#queues =
      depths &&
      new QueueDepths({ depths, missingQueues }, () => this.#troubleOf("the queues cannot be looked at"));
    this.#reading = this.#troubleOf("the catalogue cannot be looked at");
    this.#entering = this.#troubleOf("volumes cannot be entered into the catalogue");
    this.catalogue = watched(catalogue, {
      recorded: (message) => this.#jobs.recorded(message, now()),
      changed: () => void this.refresh(),
    });
    this.#stopListening = catalogue.jobs.onCommit((all) => {
      for (const progress of all) this.#jobs.progressed(progress);
    });
  }

  async begin(): Promise<void> {
    await this.refresh();
    this.#jobs.sample(this.#now());
    this.#lookAtQueues();
    void this.#follow();
  }

  current(): Status {
    const at = this.#now();
    const trouble = this.#parts.brokerTrouble?.();
    const standing = this.#parts.standing?.();
    const names = [...new Set([...(this.#parts.sources ?? []), ...this.#jobs.sources])].sort();
    const sources = names.map((source) => this.#statusOf(source, at));
    const open = sources.flatMap(({ job }) => (job?.state === "open" ? [job.progress] : []));
    const forecast = forecastOf(open, this.#fleet.volumes.disks);
    return {
      at,
      since: this.#since,
      ...(trouble !== undefined && { brokerTrouble: trouble }),
      ...(standing && { standing }),
      sources,
      services: this.#fleet.services(at),
      volumes: this.#fleet.disks(this.#volumes),
      ...(forecast && { forecast }),
    };
  }

  #statusOf(source: string, at: number): SourceStatus {
    const queues = this.#queues;
    const job = this.#jobs.statusOf(source, queues?.emptySince(source, at));
    const unreadable = this.#jobs.unreadable(source);
    const waiting = queues?.of(source, at);
    const lost = waiting && lostOf(job, queues?.missing(source) ?? [], this.#fleet.holds(source, at), at);
    const newer = this.#fleet.newer(source, at, this.#parts.newer?.(source) ?? []);
    return {
      source,
      ...(unreadable ? { unreadable } : job && { job }),
      ...(waiting && { queues: waiting }),
      ...(lost && { lost }),
      ...(newer.length > 0 && { newer }),
    };
  }

  rates(job: string): readonly Rate[] | undefined {
    return this.#jobs.rates(job);
  }

  notePresence(presence: Presence, user?: string): Presence | undefined {
    const at = this.#now();
    const heard = user === undefined ? presence : this.#shares.admit(presence, user, at);
    if (heard !== presence) this.#complain(user ?? "");
    if (heard === undefined) return undefined;
    void this.#enter(this.#fleet.note(heard, at), at);
    this.#parts.onPresence?.(heard);
    return heard;
  }

  refresh(): Promise<void> {
    this.#lookAgain = true;
    this.#looking ??= this.#lookUntilSeen();
    return this.#looking;
  }

  async passed(ms: number): Promise<boolean> {
    const { signal } = this.#ending;
    const { delay = unheld } = this.#parts;
    try {
      await delay(ms, signal);
    } catch (error) {
      if (classify(error).fault !== "cancelled") throw error;
    }
    return !signal.aborted;
  }

  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#stopListening();
  }

  async #lookUntilSeen(): Promise<void> {
    do {
      this.#lookAgain = false;
      await this.#look();
    } while (this.#lookAgain && !this.#ending.signal.aborted);
    this.#looking = undefined;
  }

  async #look(): Promise<void> {
    const { jobs, questions } = this.#parts.catalogue;
    try {
      for (const { id, unreadable } of this.#jobs.follow(await jobs.all(), this.#now())) {
        if (unreadable === undefined) this.#jobs.progressed(await jobs.progress(id));
      }
      this.#volumes = await questions.volumes();
      this.#reading.end();
    } catch (error) {
      this.#reading.begin(error);
    }
  }

  #lookAtQueues(): void {
    for (const source of this.#parts.sources ?? this.#jobs.sources) {
      void this.#queues?.ask(source, this.#now);
    }
  }

  async #follow(): Promise<void> {
    const { brokerTrouble } = this.#parts;
    const { volumes } = this.#fleet;
    let lookedAt = this.#now();
    for (let second = 1; await this.passed(secondMs); second++) {
      this.#jobs.sample(this.#now());
      // A service that cannot be heard is not gone: while the broker is away, and after this
      // process was held up.
      const isDeaf = brokerTrouble?.() !== undefined || this.#now() - lookedAt > longestTurnMs;
      lookedAt = this.#now();
      if (isDeaf) volumes.postpone(lookedAt);
      else this.#fleet.forgetSilent(lookedAt);
      this.#shares.forgetSilent(lookedAt);
      if (brokerTrouble !== undefined) this.#enterGone(lookedAt);
      if (second % lookEvery === 0) {
        void this.refresh();
        this.#lookAtQueues();
      }
    }
  }

  #enterGone(at: number): void {
    const { volumes } = this.#fleet;
    volumes.expect(this.#volumes, at);
    for (const { seenAt, ...volume } of volumes.gone(at)) void this.#enter([volume], seenAt);
  }

  async #enter(news: readonly VolumeDescription[], at: number): Promise<void> {
    if (news.length === 0) return;
    for (const one of news) this.#warnOfMove(one);
    try {
      await this.#parts.catalogue.recording.noteVolumes(news, at);
      this.#entering.end();
    } catch (error) {
      this.#fleet.volumes.notEntered(news, at);
      // A disk that fails is reported to whoever opened the catalogue.
      if (!(error instanceof HostError)) this.#entering.begin(error);
    }
  }

  #warnOfMove({ id, label, host }: VolumeDescription): void {
    const was = this.#volumes.find(({ volume }) => volume === id)?.host;
    if (was === undefined || was === host) return;
    const what = "a volume is at another host now, as that host says";
    this.#parts.log.warn({ volume: id, label, was, host }, what);
  }

  /** Once per user. */
  #complain(user: string): void {
    if (this.#loud.has(user)) return;
    this.#loud.add(user);
    this.#parts.log.warn(
      { user },
      "a user of the broker reports more services or disks than one may: the others are ignored. Somebody may have its password",
    );
  }

  #troubleOf(what: string): Trouble {
    return new Trouble(what, this.#parts.log, this.#ending.signal);
  }
}

/** Waits without keeping the process alive. */
async function unheld(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false });
}
