import type { Presence } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { TestClock } from "../../../../test/test-clock.ts";
import { createStatus, type StatusParts } from "../../src/http.ts";
import type { Catalogue, JobRecord, Progress, VolumeContents, VolumeDescription } from "../../src/index.ts";

/** A catalogue of which only what the status asks is there, and which is as the test says. */
export class ScriptedCatalogue {
  jobList: JobRecord[] = [];
  volumeList: VolumeContents[] = [];
  readonly noted: VolumeDescription[] = [];
  /** Rejects everything with it. */
  failure: Error | undefined;
  /** Answers nothing while it is pending: a commit takes its time. */
  busy: Promise<void> | undefined;
  asked = 0;
  #progress = new Map<string, Progress>();
  #listener: ((all: readonly Progress[]) => void) | undefined;

  get listened(): boolean {
    return this.#listener !== undefined;
  }

  open(fields: Partial<JobRecord> = {}): void {
    const id = fields.id ?? "job-1";
    this.jobList.push({
      id,
      source: "photos",
      fingerprint: "f1",
      prefix: "",
      filters: {},
      startedAt: 1,
      state: "open",
      ...fields,
    });
    this.#progress.set(id, progressOf({ job: id }));
  }

  close(state: "complete" | "incomplete" | "cancelled"): void {
    this.jobList = this.jobList.map((job) => ({ ...job, state, closedAt: 2 }));
  }

  /** Committed. */
  commit(fields: Figures): void {
    const progress = progressOf(fields);
    this.#progress.set(progress.job, progress);
    this.#listener?.([progress]);
  }

  get asCatalogue(): Catalogue {
    const answer = async <T>(value: () => T): Promise<T> => {
      this.asked++;
      await this.busy;
      if (this.failure !== undefined) throw this.failure;
      return value();
    };
    const jobs: Partial<Catalogue["jobs"]> = {
      all: () => answer(() => this.jobList),
      progress: (id) => answer(() => this.#progress.get(id) ?? progressOf({ job: id })),
      open: (job) => answer(() => this.open(job)),
      close: (_, state) => answer(() => this.close(state)),
      onCommit: (listener) => {
        this.#listener = listener;
        return () => {
          this.#listener = undefined;
        };
      },
    };
    const questions: Partial<Catalogue["questions"]> = {
      volumes: () => answer(() => this.volumeList),
    };
    const recording: Partial<Catalogue["recording"]> = {
      noteVolumes: (volumes) => answer(() => void this.noted.push(...volumes)),
      record: (messages) => answer(() => messages.map(() => undefined)),
    };
    return { jobs, questions, recording } as Catalogue;
  }
}

export interface Figures {
  readonly job?: string;
  readonly listed?: number;
  readonly stored?: number;
  readonly failed?: number;
  readonly listingFinished?: boolean;
}

/** Objects of 1,000 bytes each. */
function progressOf({
  job = "job-1",
  listed = 0,
  stored = 0,
  failed = 0,
  listingFinished = false,
}: Figures): Progress {
  const amount = (objects: number) => ({ objects, bytes: objects * 1_000 });
  return {
    job,
    directories: { known: 2, done: listingFinished ? 2 : 1, failed: 0 },
    pages: 1,
    listed: amount(listed),
    stored: amount(stored),
    unchanged: amount(0),
    vanished: amount(0),
    failed: amount(failed),
    volumes: [],
    listingFinished,
    settled: listingFinished && listed === stored + failed,
  };
}

/** A status over a catalogue with the job of set-up.ts open; `warned`: what it logged. */
export async function following({
  volumes = [],
  ...parts
}: Partial<StatusParts> & { readonly volumes?: VolumeContents[] } = {}) {
  const clock = new TestClock();
  const scripted = new ScriptedCatalogue();
  scripted.volumeList = volumes;
  const warned: string[] = [];
  scripted.open();
  const { now, delay } = clock;
  const log = { ...silentLog, warn: (_: object, what: string) => void warned.push(what) };
  const status = await createStatus({ catalogue: scripted.asCatalogue, log, now, delay, ...parts });
  return { clock, scripted, status, warned, [Symbol.dispose]: () => status[Symbol.dispose]() };
}

export function presence(fields: Partial<Presence> = {}): Presence {
  return {
    v: 1,
    service: "downloader",
    host: "host-1",
    instance: "downloader@host-1#7",
    at: 5,
    everyMs: 5_000,
    sources: [{ name: "photos", pauses: [] }],
    volumes: [],
    ...fields,
  };
}

export function disk(fields: Partial<Presence["volumes"][number]> = {}): Presence["volumes"][number] {
  return { id: "vol-a", label: "disk a", root: "/mnt/a", free: 400, size: 1_000, ...fields };
}
