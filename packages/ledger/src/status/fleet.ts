import { mostServices, type NewerMessages, type Presence, silentIntervals } from "@brigade/core";
import type { ServiceStatus, VolumeStatus } from "../wire/status.ts";
import type { VolumeContents, VolumeDescription } from "../wire/volumes.ts";
import { forgottenMs, HeardVolumes } from "./heard-volumes.ts";

type Heard = Omit<Presence, "volumes" | "at"> & { readonly seenAt: number };

/** Services at work and their disks, from what services say of themselves. */
export class Fleet {
  readonly #services = new Map<string, Heard>();
  readonly volumes = new HeardVolumes();

  /**
   * Returns the volumes that are to be entered into the catalogue. `at`: when it was heard, Unix
   * milliseconds.
   */
  note(presence: Presence, at: number): VolumeDescription[] {
    const { volumes: _volumes, at: _said, ...service } = presence;
    const { instance } = service;
    if (presence.leaving) this.#services.delete(instance);
    else if (this.#services.has(instance) || this.#services.size < mostServices) {
      this.#services.set(instance, { ...service, seenAt: at });
    }
    return this.volumes.note(presence, at);
  }

  forgetSilent(at: number): void {
    for (const [id, { seenAt }] of this.#services) if (seenAt <= at - forgottenMs) this.#services.delete(id);
    this.volumes.forgetSilent(at);
  }

  /**
   * Whether a service that is heard holds messages of the source, or messages wait by their
   * accounts; `undefined` if a service does not say.
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

  /**
   * Messages of the source that need a newer program, by queue and by what is needed. `own`: those
   * of this process.
   */
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

  /** By host; `known`: those of the catalogue. */
  disks(known: readonly VolumeContents[]): VolumeStatus[] {
    return this.volumes
      .with(known)
      .sort(
        (a, b) =>
          compare(a.host, b.host) || compare(a.label ?? "", b.label ?? "") || compare(a.volume, b.volume),
      );
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
