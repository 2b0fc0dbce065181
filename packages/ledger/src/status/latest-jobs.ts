import type { RecordMessage } from "../recording/recorder.ts";
import type { JobRecord, Progress } from "../wire/jobs.ts";
import type { JobStatus, Rate, UnreadableJob } from "../wire/status.ts";
import { Rates } from "./rates.ts";

/** Directories that are shown to be in work. */
const mostWorking = 10;
const etaWindowMs = 60_000;

interface Followed {
  record: JobRecord;
  progress: Progress | undefined;
  readonly rates: Rates;
  /** When a record of each directory came, oldest first; Unix milliseconds. */
  readonly working: Map<string, number>;
  /** When something of the job was heard last. */
  heardAt: number;
}

/**
 * The latest job of each source: where it stands, how fast it goes, and what is being worked on.
 */
export class LatestJobs {
  readonly #jobs = new Map<string, Followed>();

  get sources(): string[] {
    return [...this.#jobs.keys()];
  }

  /** `jobs`: all, oldest first. Returns those whose progress is to be reported. */
  follow(jobs: readonly JobRecord[], at: number): JobRecord[] {
    const latest = new Map(jobs.map((job) => [job.source, job]));
    for (const [source, record] of latest) {
      const known = this.#jobs.get(source);
      if (known?.record.id === record.id) {
        if (known.record.state !== record.state) known.heardAt = at;
        known.record = record;
        continue;
      }
      const fresh = { rates: new Rates(), working: new Map<string, number>(), heardAt: at };
      this.#jobs.set(source, { ...fresh, record, progress: undefined });
    }
    return [...this.#jobs.values()]
      .filter(({ record, progress }) => record.state === "open" || progress === undefined)
      .map(({ record }) => record);
  }

  progressed(progress: Progress): void {
    const job = this.#find(progress.job);
    if (job !== undefined) job.progress = progress;
  }

  recorded({ job: { id }, ...message }: RecordMessage, at: number): void {
    const job = this.#find(id);
    if (job === undefined) return;
    job.heardAt = at;
    const directories =
      message.type === "result" ? message.pages : [message.type === "page" ? message : message.record];
    for (const { directory } of directories) {
      job.working.delete(directory);
      job.working.set(directory, at);
      if (job.working.size > mostWorking) job.working.delete(job.working.keys().next().value ?? "");
    }
  }

  /** To be called every second. */
  sample(at: number): void {
    for (const { record, progress, rates } of this.#jobs.values()) {
      if (record.state === "open" && progress !== undefined) {
        rates.count(at, { objects: accountedOf(progress), bytes: progress.stored.bytes });
      }
    }
  }

  rates(id: string): Rate[] | undefined {
    return this.#find(id)?.rates.samples();
  }

  /** `emptySince`: since when nothing is queued for the source. */
  statusOf(source: string, emptySince: number | undefined): JobStatus | undefined {
    const job = this.#jobs.get(source);
    if (job?.progress === undefined) return undefined;
    const { record, progress, rates, heardAt } = job;
    const isOpen = record.state === "open";
    const etaSeconds = isOpen ? etaOf(progress, rates) : undefined;
    return {
      ...record,
      progress,
      rate: isOpen ? rates.over(10_000) : { objects: 0, bytes: 0 },
      ...(etaSeconds !== undefined && { etaSeconds }),
      working: isOpen ? [...job.working].map(([directory, at]) => ({ directory, at })).reverse() : [],
      ...(isOpen && emptySince !== undefined && { idle: { since: Math.max(heardAt, emptySince) } }),
    };
  }

  /** The source's latest job, where it cannot be read. */
  unreadable(source: string): UnreadableJob | undefined {
    const record = this.#jobs.get(source)?.record;
    if (record?.unreadable === undefined) return undefined;
    return { job: record.id, state: record.state, reason: record.unreadable };
  }

  #find(id: string): Followed | undefined {
    return this.#jobs.values().find(({ record }) => record.id === id);
  }
}

function accountedOf({ stored, unchanged, vanished, failed }: Progress): number {
  return stored.objects + unchanged.objects + vanished.objects + failed.objects;
}

function etaOf(progress: Progress, rates: Rates): number | undefined {
  const { objects } = rates.over(etaWindowMs);
  if (!progress.listingFinished || objects === 0) return undefined;
  return Math.ceil(Math.max(0, progress.listed.objects - accountedOf(progress)) / objects);
}
