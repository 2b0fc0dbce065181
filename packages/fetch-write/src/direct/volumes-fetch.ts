import {
  type DirectFetch,
  type DirectObjects,
  type DirectOutcome,
  decodeError,
  HostError,
  type Job,
  type ObjectEntry,
  type ObjectKey,
} from "@brigade/core";
import { type ConfiguredSource, type DirectSource, isTrouble } from "@brigade/sources";
import type { Came, DirectVolume, FetchCounts, LocalVolume } from "@brigade/volumes";
import { Grants } from "./grants.ts";
import { Rest } from "./rest.ts";

/**
 * Bytes of the largest body that comes in the short way: it fits into a slot of 64 KiB, with the bytes
 * behind it that are overwritten when it is hashed.
 */
const largestBody = 64 * 1024 - 128;
/** Milliseconds between two looks at how many requests each thread may send at once. */
const shareEvery = 20;

type Work = Parameters<DirectFetch["bring"]>[0];
type CameTo = Parameters<DirectFetch["bring"]>[2];

/**
 * Returns `undefined` if the objects of this source, or to these volumes, come in the usual way only.
 * `placed`: has the volumes of this moment.
 */
export function createDirectFetch(
  source: Pick<ConfiguredSource, "direct">,
  placed: { readonly volumes: readonly LocalVolume[] },
): DirectFetch | undefined {
  const { direct } = source;
  if (direct === undefined || placed.volumes.every(({ fetchers }) => fetchers.length === 0)) return undefined;
  return new VolumesFetch(direct, placed);
}

/** The main thread's end: it decides when the short way is open, and for which objects. */
class VolumesFetch implements DirectFetch {
  readonly #source: DirectSource;
  readonly #placed: { readonly volumes: readonly LocalVolume[] };
  readonly #rest = new Rest();
  /** Threads that have something to fetch, with the number of their commands. */
  readonly #busy = new Map<DirectVolume, number>();
  readonly #seen = new Map<DirectVolume, FetchCounts>();
  /** Objects that were given to threads, and of which nothing came yet. */
  #given = 0;
  #grants: Grants | undefined;
  /** The source's, as jobs have it. */
  #name = "";
  #isPaused = () => false;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: DirectSource, placed: { readonly volumes: readonly LocalVolume[] }) {
    this.#source = source;
    this.#placed = placed;
  }

  get isOpen(): boolean {
    return !this.#rest.isOn && this.#source.isFree;
  }

  get isWaitingForDisks(): boolean {
    let storing = 0;
    for (const one of this.#busy.keys()) storing += one.countsOf(this.#name)?.storing ?? 0;
    return storing > this.#given / 2;
  }

  accepts({ key, size, modified, unproven }: ObjectEntry): boolean {
    const isKnown = size !== undefined && modified !== undefined && unproven !== true;
    return isKnown && size <= largestBody && this.#source.accepts(key);
  }

  async bring({ job, volume, objects, isPaused }: Work, signal: AbortSignal, came: CameTo): Promise<void> {
    const thread = this.#leastBusy(this.#placed.volumes.find((one) => one === volume)?.fetchers ?? []);
    const reported = new Set<number>();
    const report = (at: number, outcome: DirectOutcome) => {
      if (reported.has(at)) return;
      reported.add(at);
      came(at, outcome);
    };
    const reportOthers = (outcome: DirectOutcome) => {
      for (const at of objects.keys()) report(at, outcome);
    };
    if (thread === undefined || signal.aborted || !this.isOpen) return reportOthers({ kind: "usual" });
    this.#isPaused = isPaused;
    const { promise: aborted, resolve } = Promise.withResolvers<void>();
    const stop = () => {
      thread.stop(job.source);
      // What is under way may still be stored. It is found when it is asked for again.
      reportOthers({ kind: "usual" });
      resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
    const fetching = this.#fetch(thread, job, objects, (one) =>
      report(one.at, this.#outcomeOf(one, objects[one.at]?.key ?? "")),
    );
    try {
      await Promise.race([fetching, aborted]);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      thread.stop(job.source);
      reportOthers({ kind: "usual", error });
    } finally {
      signal.removeEventListener("abort", stop);
      fetching.catch(() => undefined); // after an abort its failure is no news: all is reported
    }
  }

  async #fetch(
    thread: DirectVolume,
    { id, source, fingerprint }: Job,
    objects: readonly ObjectEntry[],
    came: (one: Came) => void,
  ): Promise<void> {
    this.#enter(thread, source);
    let left = objects.length;
    this.#given += left;
    try {
      const command = {
        server: this.#source.server,
        of: { source, fingerprint, job: id },
        objects: columnsOf(objects),
        places: this.#grants?.placesOf(thread) ?? 0,
      };
      await thread.fetch(command, (one) => {
        this.#count(thread);
        this.#given--;
        left--;
        came(one);
      });
    } finally {
      this.#given -= left;
      this.#leave(thread);
    }
  }

  #outcomeOf({ stored, answer, fault, isUnserved, failure }: Came, key: ObjectKey): DirectOutcome {
    if (stored !== undefined) {
      this.#rest.stored();
      return { kind: "stored", stored };
    }
    if (failure !== undefined) return { kind: "usual", error: decodeError(failure) };
    if (answer !== undefined) {
      this.#source.leave(key, answer);
      if (isTrouble(answer.status)) this.#rest.trouble();
      else this.#rest.odd();
    } else if (isUnserved) {
      if (this.isOpen) this.#source.servesOnly(this.#served);
    } else if (fault?.name === "NotPlain") {
      this.#rest.notPlain();
    } else if (fault !== undefined) {
      this.#source.leave(key, fault);
      this.#rest.trouble();
    }
    return { kind: "usual" };
  }

  #leastBusy(threads: readonly DirectVolume[]): DirectVolume | undefined {
    let least: DirectVolume | undefined;
    for (const thread of threads) {
      if (!thread.isUsable) continue;
      if (least === undefined || this.#commandsOf(thread) < this.#commandsOf(least)) least = thread;
    }
    return least;
  }

  #commandsOf(thread: DirectVolume): number {
    return this.#busy.get(thread) ?? 0;
  }

  #enter(thread: DirectVolume, source: string): void {
    this.#name = source;
    this.#grants ??= new Grants(source);
    this.#busy.set(thread, this.#commandsOf(thread) + 1);
    this.#timer ??= setInterval(() => this.#share(), shareEvery).unref();
    this.#share();
  }

  #leave(thread: DirectVolume): void {
    this.#count(thread);
    const commands = this.#commandsOf(thread) - 1;
    if (commands > 0) {
      this.#busy.set(thread, commands);
      return;
    }
    this.#busy.delete(thread);
    this.#grants?.leave(thread);
    this.#source.arrived(0, 0, this.#running);
    if (this.#busy.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Requests under way, of all threads. */
  get #running(): number {
    let running = 0;
    for (const one of this.#busy.keys()) running += one.countsOf(this.#name)?.running ?? 0;
    return running;
  }

  /** Connections that are served, of all threads. */
  get #served(): number {
    let served = 0;
    for (const one of this.#busy.keys()) served += one.countsOf(this.#name)?.served ?? 0;
    return served;
  }

  /** Reports to the source what came since the last look. */
  #count(thread: DirectVolume): void {
    const counts = thread.countsOf(this.#name);
    const before = this.#seen.get(thread);
    if (counts === undefined || counts === before) return;
    this.#seen.set(thread, counts);
    const arrived = counts.arrived - (before?.arrived ?? 0);
    const bytes = counts.bytes - (before?.bytes ?? 0);
    this.#source.arrived(arrived, bytes, this.#running);
  }

  #share(): void {
    for (const thread of this.#busy.keys()) {
      this.#count(thread);
      // What is not sent is left to the usual way.
      if (!this.isOpen || this.#isPaused()) thread.stop(this.#name);
    }
    this.#grants?.share(this.#source.places, [...this.#busy.keys()]);
  }
}

function columnsOf(objects: readonly ObjectEntry[]): DirectObjects {
  return {
    keys: objects.map(({ key }) => key),
    sizes: objects.map(({ size = 0 }) => size),
    modified: objects.map(({ modified = 0 }) => modified),
    etags: objects.map(({ etag }) => etag),
  };
}
