import { plus } from "@brigade/core";
import type { Progress } from "../wire/jobs.ts";
import type { Forecast } from "../wire/status.ts";

/** A disk, as its host reported it. Amounts in bytes. */
export interface ForecastDisk {
  readonly volume: string;
  readonly host: string;
  readonly label?: string | undefined;
  /** Names the file system on its host: disks with the same one share its room. */
  readonly fileSystem?: string | undefined;
  readonly free: number;
  /** Stays free. */
  readonly floor: number;
  /** Bytes per second that its room shrinks by; 0 if that is not known. */
  readonly rate: number;
}

/**
 * Returns whether what is still to come has room, and which disks will be full before it has come.
 * `jobs`: the open ones. `undefined` if none is open or no disk has reported its room.
 */
export function forecastOf(
  jobs: readonly Pick<
    Progress,
    "listed" | "stored" | "unchanged" | "vanished" | "failed" | "listingFinished"
  >[],
  disks: readonly ForecastDisk[],
): Forecast | undefined {
  if (jobs.length === 0 || disks.length === 0) return undefined;
  const left = jobs.map(leftOf).reduce(plus, 0);
  const shared = new Map(disks.map((disk) => [placeOf(disk), Math.max(0, disk.free - disk.floor)]));
  const room = [...shared.values()].reduce(plus, 0);
  const isListing = jobs.some(({ listingFinished }) => !listingFinished);
  const full = disks.flatMap((disk) => fullAt(disk, left, isListing));
  return {
    left,
    room,
    missing: Math.max(0, left - room),
    isListing,
    full: full.sort((one, other) => one.seconds - other.seconds),
  };
}

/** Listed bytes without an outcome. */
function leftOf(job: Parameters<typeof forecastOf>[0][number]): number {
  const done = [job.stored, job.unchanged, job.vanished, job.failed].map(({ bytes }) => bytes);
  return Math.max(0, job.listed.bytes - done.reduce(plus, 0));
}

function placeOf({ host, fileSystem, volume }: ForecastDisk): string {
  return JSON.stringify(fileSystem === undefined ? [host, volume] : [host, fileSystem, ""]);
}

/** A disk is only full one day if enough is to come. */
function fullAt(disk: ForecastDisk, left: number, isListing: boolean): Forecast["full"][number][] {
  const { volume, host, label, free, floor, rate } = disk;
  const room = Math.max(0, free - floor);
  if (rate <= 0 || (left <= room && !isListing)) return [];
  return [{ volume, host, ...(label !== undefined && { label }), seconds: Math.round(room / rate) }];
}

/** Milliseconds over which the rate of a disk is taken, at least and at most. */
const shortestWindowMs = 60_000;
const windowMs = 600_000;
/** Milliseconds between two samples that are kept, about. */
const sampleMs = 10_000;

/** How fast the room of one disk shrinks, from what was reported in the last 10 minutes. */
export class ShrinkingRoom {
  readonly #samples: { readonly at: number; readonly free: number }[] = [];

  /** `at`: Unix milliseconds; `free`: bytes. */
  note(at: number, free: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && at < last.at + sampleMs) return;
    this.#samples.push({ at, free });
    while ((this.#samples[0]?.at ?? at) < at - windowMs) this.#samples.shift();
  }

  /** Bytes per second; 0 while the room grows, or is not known for a minute. */
  get rate(): number {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (first === undefined || last === undefined || last.at - first.at < shortestWindowMs) return 0;
    return Math.max(0, (1000 * (first.free - last.free)) / (last.at - first.at));
  }
}
