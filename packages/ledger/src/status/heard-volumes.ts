import { type Presence, silentIntervals } from "@brigade/core";
import type { VolumeStatus } from "../wire/status.ts";
import type { VolumeContents, VolumeDescription } from "../wire/volumes.ts";
import { type ForecastDisk, ShrinkingRoom } from "./forecast.ts";

interface Heard
  extends Pick<
    VolumeStatus,
    "label" | "root" | "free" | "size" | "lookedAt" | "standing" | "floor" | "fileSystem"
  > {
  readonly host: string;
  readonly seenAt: number;
  readonly gone: { readonly lost?: string } | null;
}

/** A volume that is to be entered as gone, and when it was heard of last. */
type GoneNews = VolumeDescription & { readonly seenAt: number };

/** A volume of which a service should speak until `dueAt`. */
interface Expected {
  readonly host: string;
  readonly seenAt: number;
  readonly dueAt: number;
}

/** Milliseconds of silence after which a service, and what it reported of its disks, is dropped. */
export const forgottenMs = 600_000;
/** Milliseconds after which a volume is entered again, if nothing but its room has changed. */
const enteredEveryMs = 60_000;
/** Milliseconds for services to speak, once they can be heard. */
const firstWordMs = 20_000;

/** No fleet has more disks than this: those that are reported first stay. */
export const mostVolumes = 10_000;

/** What services said of their disks last. All times are Unix milliseconds. */
export class HeardVolumes {
  readonly #heard = new Map<string, Heard>();
  readonly #entered = new Map<string, Heard>();
  /** By volume, by instance. */
  readonly #expected = new Map<string, Map<string, Expected>>();
  /** Volumes that are gone, which the catalogue could not accept. */
  readonly #owed = new Map<string, GoneNews>();
  readonly #shrinking = new Map<string, ShrinkingRoom>();

  /**
   * Services should soon speak of the volumes in the catalogue that are here. Some of these may be
   * known from results only.
   */
  expect(known: readonly VolumeContents[], at: number): void {
    for (const { volume, host, seenAt, gone } of known) {
      if (gone !== undefined || this.#heard.has(volume) || this.#expected.has(volume)) continue;
      this.#expect(volume, "", { host, seenAt, dueAt: at + firstWordMs });
    }
  }

  /** No service could be heard until now. */
  postpone(at: number): void {
    for (const speakers of this.#expected.values())
      for (const [instance, { dueAt, ...one }] of speakers)
        speakers.set(instance, { ...one, dueAt: Math.max(dueAt, at + firstWordMs) });
  }

  /** Returns the volumes that are to be entered into the catalogue. `at`: when it was heard. */
  note({ instance, host, everyMs, leaving, volumes }: Presence, at: number): VolumeDescription[] {
    return volumes.flatMap(({ id, lookedMs = 0, lost, ...said }) => {
      if (this.#heard.size >= mostVolumes && !this.#heard.has(id)) return [];
      this.#owed.delete(id);
      this.#expected.get(id)?.delete("");
      if (leaving) this.#expected.get(id)?.delete(instance);
      else this.#expect(id, instance, { host, seenAt: at, dueAt: at + silentIntervals * everyMs });
      const hasLeft = leaving === true && !this.#isExpected(id, at);
      const gone = lost === undefined ? (hasLeft ? {} : null) : { lost };
      const heard = { ...said, host, seenAt: at, lookedAt: at - lookedMs, gone };
      this.#heard.set(id, heard);
      this.#noteRoom(id, said.free, at);
      if (!this.#isNews(id, heard)) return [];
      this.#entered.set(id, heard);
      return [describe(id, heard)];
    });
  }

  /**
   * Returns volumes that are lost, as no service speaks of them any more, and those that could not
   * be entered; each once.
   */
  gone(at: number): GoneNews[] {
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    return [...owed, ...this.#silent(at)];
  }

  /** These could not be entered. */
  notEntered(volumes: readonly VolumeDescription[], seenAt: number): void {
    for (const volume of volumes) {
      this.#entered.delete(volume.id);
      if (volume.gone) this.#owed.set(volume.id, { ...volume, seenAt });
    }
  }

  forgetSilent(at: number): void {
    for (const all of [this.#heard, this.#entered])
      for (const [id, { seenAt }] of all) if (seenAt <= at - forgottenMs) all.delete(id);
    for (const id of this.#shrinking.keys()) if (!this.#heard.has(id)) this.#shrinking.delete(id);
  }

  /** Disks that are here, are used, and have reported their room. */
  get disks(): ForecastDisk[] {
    return [...this.#heard].flatMap(([volume, { standing, gone, ...heard }]) => {
      const { host, label, fileSystem, free, floor = 0 } = heard;
      if (free === undefined || gone !== null) return [];
      if (standing !== undefined && !["ok", "filling", "full"].includes(standing.state)) return [];
      return [{ volume, host, label, fileSystem, free, floor, rate: this.#shrinking.get(volume)?.rate ?? 0 }];
    });
  }

  /** `known`: those of the catalogue. */
  with(known: readonly VolumeContents[]): VolumeStatus[] {
    const contents = new Map<string, VolumeContents>(known.map((one) => [one.volume, one]));
    for (const [volume, { host, seenAt }] of this.#heard) {
      const nothing = { volume, host, seenAt, objects: 0, bytes: 0, sources: [] };
      if (!contents.has(volume)) contents.set(volume, nothing);
    }
    return [...contents.values()].map((one) => {
      const heard = this.#heard.get(one.volume);
      return heard === undefined ? one : merged(one, heard);
    });
  }

  #noteRoom(volume: string, free: number | undefined, at: number): void {
    if (free === undefined) return;
    const room = this.#shrinking.get(volume) ?? new ShrinkingRoom();
    this.#shrinking.set(volume, room);
    room.note(at, free);
  }

  #silent(at: number): GoneNews[] {
    return [...this.#expected].flatMap(([id, speakers]) => {
      const last = [...speakers.values()].reduce((one, other) => (other.dueAt > one.dueAt ? other : one));
      if (last.dueAt >= at) return [];
      this.#expected.delete(id);
      const { host, seenAt } = last;
      const gone = { lost: `nobody has been heard of it since ${new Date(seenAt).toISOString()}` };
      const heard = this.#heard.get(id);
      if (heard?.gone?.lost !== undefined) return [];
      if (heard !== undefined) this.#heard.set(id, { ...heard, gone });
      return [{ id, host, gone, seenAt }];
    });
  }

  #expect(id: string, instance: string, expected: Expected): void {
    const speakers = this.#expected.get(id) ?? new Map<string, Expected>();
    this.#expected.set(id, speakers.set(instance, expected));
  }

  #isExpected(id: string, at: number): boolean {
    const speakers = [...(this.#expected.get(id)?.values() ?? [])];
    if (speakers.length === 0) this.#expected.delete(id);
    return speakers.some(({ dueAt }) => dueAt >= at);
  }

  #isNews(id: string, { host, label, seenAt, gone }: Heard): boolean {
    const entered = this.#entered.get(id);
    if (entered === undefined || entered.host !== host || entered.label !== label) return true;
    if (entered.gone?.lost !== gone?.lost || (entered.gone === null) !== (gone === null)) return true;
    return seenAt >= entered.seenAt + enteredEveryMs;
  }
}

function describe(id: string, { host, label, free, size, gone }: Heard): VolumeDescription {
  return {
    id,
    ...(label !== undefined && { label }),
    host,
    ...(free !== undefined && { free }),
    ...(size !== undefined && { size }),
    gone,
  };
}

function merged({ gone: known, ...one }: VolumeContents, { gone: said, ...heard }: Heard): VolumeStatus {
  const seenAt = Math.max(heard.seenAt, one.seenAt);
  const gone = said === null ? undefined : { at: heard.seenAt, ...known, ...said };
  return { ...one, ...heard, seenAt, ...(gone && { gone }) };
}
