import type { NewerMessages, Presence } from "@brigade/core";
import type { VolumeContents, VolumeDescription } from "../account.ts";
import type { ServiceStatus, VolumeStatus } from "../http/status-wire.ts";

type Heard = Omit<Presence, "volumes" | "at"> & { readonly seenAt: number };
type HeardVolume = Omit<Presence["volumes"][number], "id"> & {
  readonly host: string;
  readonly seenAt: number;
};

/** Milliseconds of silence after which a service, and what it said of its disks, is forgotten. */
const forgottenMs = 600_000;
/** A volume is entered again so often, milliseconds, unless something else than its room has changed. */
const enteredEveryMs = 60_000;
/** Silent after so many times the interval that a service speaks in. */
const silentIntervals = 3;
/** More services than this are nobody's fleet. */
const mostServices = 1_000;

/** Who is at work, and on what disks: from what services say of themselves. */
export class Fleet {
  readonly #services = new Map<string, Heard>();
  readonly #volumes = new Map<string, HeardVolume>();
  readonly #entered = new Map<string, HeardVolume>();

  /** Returns the volumes that are to be entered into the catalogue. `at`: when it was heard, Unix milliseconds. */
  note({ volumes, at: _said, ...presence }: Presence, at: number): VolumeDescription[] {
    const { host, instance } = presence;
    if (presence.leaving) this.#services.delete(instance);
    else if (this.#services.has(instance) || this.#services.size < mostServices) {
      this.#services.set(instance, { ...presence, seenAt: at });
    }
    for (const { id, ...volume } of volumes) this.#volumes.set(id, { ...volume, host, seenAt: at });
    return volumes.flatMap(({ id, label, free, size }) => {
      const heard = this.#volumes.get(id);
      if (heard === undefined || !this.#isNews(id, heard)) return [];
      this.#entered.set(id, heard);
      return [{ id, label, host, ...(free !== undefined && { free }), ...(size !== undefined && { size }) }];
    });
  }

  /** These could not be entered. */
  notEntered(volumes: readonly VolumeDescription[]): void {
    for (const { id } of volumes) this.#entered.delete(id);
  }

  forgetSilent(at: number): void {
    for (const all of [this.#services, this.#volumes, this.#entered]) {
      for (const [id, { seenAt }] of all) if (seenAt <= at - forgottenMs) all.delete(id);
    }
  }

  /**
   * Whether a service that is heard holds messages of the source, or messages wait by their accounts; undefined where one does
   * not say.
   */
  holds(source: string, at: number): boolean | undefined {
    let waiting = 0;
    let isKnown = true;
    for (const { sources, seenAt, everyMs } of this.#services.values()) {
      const said = sources.find(({ name }) => name === source);
      if (said === undefined) continue;
      waiting += said.waiting?.messages ?? 0;
      if (at > seenAt + silentIntervals * everyMs) continue;
      if (said.holding === undefined) isKnown = false;
      else if (said.holding.deliveries > 0) return true;
    }
    return waiting > 0 || (isKnown ? false : undefined);
  }

  /** Messages of the source that need a newer program, by queue and by what is needed. `own`: those of this process. */
  newer(source: string, at: number, own: readonly NewerMessages[]): NewerMessages[] {
    const heard = [...this.#services.values()]
      .filter(({ seenAt, everyMs }) => at <= seenAt + silentIntervals * everyMs)
      .flatMap(({ sources }) => sources.find(({ name }) => name === source)?.newer ?? []);
    const sums = new Map<string, NewerMessages>();
    for (const one of [...own, ...heard]) {
      const key = `${one.queue} ${one.needs}`;
      sums.set(key, { ...one, messages: one.messages + (sums.get(key)?.messages ?? 0) });
    }
    return [...sums.values()];
  }

  services(at: number): ServiceStatus[] {
    return [...this.#services.values()]
      .map(({ service, host, instance, sources, seenAt, everyMs }) => ({
        service,
        host,
        instance,
        sources,
        seenAt,
        ...(at > seenAt + silentIntervals * everyMs && { silentSince: seenAt + everyMs }),
      }))
      .sort((a, b) => compare(a.host, b.host) || compare(a.instance, b.instance));
  }

  /** `known`: those of the catalogue. */
  volumes(known: readonly VolumeContents[]): VolumeStatus[] {
    const contents = new Map<string, VolumeContents>(known.map((one) => [one.volume, one]));
    for (const [volume, { host, seenAt }] of this.#volumes) {
      const nothing = { volume, host, seenAt, objects: 0, bytes: 0, sources: [] };
      if (!contents.has(volume)) contents.set(volume, nothing);
    }
    return [...contents.values()]
      .map((one) => {
        const heard = this.#volumes.get(one.volume);
        return heard === undefined ? one : { ...one, ...heard, seenAt: Math.max(heard.seenAt, one.seenAt) };
      })
      .sort(
        (a, b) =>
          compare(a.host, b.host) || compare(a.label ?? "", b.label ?? "") || compare(a.volume, b.volume),
      );
  }

  #isNews(id: string, { host, label, seenAt }: HeardVolume): boolean {
    const entered = this.#entered.get(id);
    if (entered === undefined || entered.host !== host || entered.label !== label) return true;
    return seenAt >= entered.seenAt + enteredEveryMs;
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
