import {
  type DirectFetch,
  type DirectObjects,
  type DirectOutcome,
  HostError,
  type ObjectEntry,
  type ObjectKey,
} from "@brigade/core";
import { type ConfiguredSource, type DirectSource, isTrouble } from "@brigade/sources";
import {
  type Came,
  type DirectVolume,
  decodeFailure,
  type FetchCounts,
  type LocalVolume,
} from "@brigade/volumes";
import { largestBody } from "../slot-size.ts";
import { Rest } from "./rest.ts";

type Work = Parameters<DirectFetch["bring"]>[0];
type CameTo = Parameters<DirectFetch["bring"]>[2];

/** Returns `undefined` if the objects of this source, or to these volumes, come in the usual way only. */
export function createDirectFetch(
  source: Pick<ConfiguredSource, "direct">,
  volumes: readonly LocalVolume[],
): DirectFetch | undefined {
  const { direct } = source;
  if (direct === undefined || volumes.every(({ fetchers }) => fetchers.length === 0)) return undefined;
  return new VolumesFetch(direct, volumes);
}

/** The main thread's end: it decides when the short way is open, and for which objects. */
class VolumesFetch implements DirectFetch {
  readonly #source: DirectSource;
  readonly #volumes: ReadonlyMap<object, readonly DirectVolume[]>;
  readonly #rest = new Rest();
  /** Threads that have something to fetch, with the number of their commands. */
  readonly #busy = new Map<DirectVolume, number>();
  readonly #seen = new Map<DirectVolume, FetchCounts>();
  #places = 0;

  constructor(source: DirectSource, volumes: readonly LocalVolume[]) {
    this.#source = source;
    this.#volumes = new Map(volumes.map((volume) => [volume, volume.fetchers]));
  }

  get isOpen(): boolean {
    return !this.#rest.isOn && this.#source.isFree;
  }

  accepts({ key, size, modified, unproven }: ObjectEntry): boolean {
    const isKnown = size !== undefined && modified !== undefined && unproven !== true;
    return isKnown && size <= largestBody && this.#source.accepts(key);
  }

  async bring({ job, volume, objects }: Work, signal: AbortSignal, came: CameTo): Promise<void> {
    const thread = this.#leastBusy(this.#volumes.get(volume) ?? []);
    const told = new Set<number>();
    const tell = (at: number, outcome: DirectOutcome) => {
      told.add(at);
      came(at, outcome);
    };
    const tellOthers = (outcome: DirectOutcome) => {
      for (const at of objects.keys()) if (!told.has(at)) tell(at, outcome);
    };
    if (thread === undefined) return tellOthers({ kind: "usual" });
    const stop = () => thread.stop();
    signal.addEventListener("abort", stop, { once: true });
    this.#enter(thread);
    try {
      const command = {
        server: this.#source.server,
        of: { source: job.source, fingerprint: job.fingerprint, job: job.id },
        objects: columnsOf(objects),
        places: this.#placesOf(),
      };
      await thread.fetch(command, (one) => {
        this.#count(thread);
        tell(one.at, this.#outcomeOf(one, objects[one.at]?.key ?? ""));
      });
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      tellOthers({ kind: "usual", error });
    } finally {
      signal.removeEventListener("abort", stop);
      this.#leave(thread);
    }
  }

  #outcomeOf({ stored, answer, fault, served, failure }: Came, key: ObjectKey): DirectOutcome {
    if (stored !== undefined) {
      this.#rest.stored();
      return { kind: "stored", stored };
    }
    if (failure !== undefined) return { kind: "usual", error: decodeFailure(failure) };
    if (answer !== undefined) {
      this.#source.leave(key, answer);
      if (isTrouble(answer.status)) this.#rest.trouble();
      else this.#rest.odd();
    } else if (served !== undefined) {
      this.#source.servesOnly(served);
    } else if (fault?.name === "NotPlain") {
      this.#rest.forGood();
    } else if (fault !== undefined) {
      this.#source.leave(key, fault);
      this.#rest.trouble();
    }
    return { kind: "usual" };
  }

  #leastBusy(threads: readonly DirectVolume[]): DirectVolume | undefined {
    let least: DirectVolume | undefined;
    for (const thread of threads)
      if (least === undefined || this.#commandsOf(thread) < this.#commandsOf(least)) least = thread;
    return least;
  }

  #commandsOf(thread: DirectVolume): number {
    return this.#busy.get(thread) ?? 0;
  }

  #enter(thread: DirectVolume): void {
    this.#busy.set(thread, this.#commandsOf(thread) + 1);
  }

  #leave(thread: DirectVolume): void {
    this.#count(thread);
    const commands = (this.#busy.get(thread) ?? 1) - 1;
    if (commands > 0) {
      this.#busy.set(thread, commands);
      return;
    }
    this.#busy.delete(thread);
    if (this.#busy.size === 0) this.#source.arrived(0, 0, 0);
  }

  /** Tells the source what came since the last look. */
  #count(thread: DirectVolume): void {
    const { counts } = thread;
    const before = this.#seen.get(thread);
    if (counts === before) return;
    this.#seen.set(thread, counts);
    const arrived = counts.arrived - (before?.arrived ?? 0);
    const bytes = counts.bytes - (before?.bytes ?? 0);
    let running = 0;
    for (const one of this.#busy.keys()) running += one.counts.running;
    this.#source.arrived(arrived, bytes, running);
    const places = this.#placesOf();
    if (places === this.#places) return;
    this.#places = places;
    for (const one of this.#busy.keys()) one.setPlaces(places);
  }

  /** Of each thread. */
  #placesOf(): number {
    return Math.max(1, Math.ceil(this.#source.places / Math.max(1, this.#busy.size)));
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
