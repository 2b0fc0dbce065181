import { mostServices, type Presence } from "@brigade/core";
import { forgottenMs, mostVolumes } from "./heard-volumes.ts";

interface Kept {
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly at: number;
}

/**
 * Per user, at most: half of what is kept of all, so that no single user keeps the others from
 * being heard.
 */
const most = { services: mostServices / 2, volumes: mostVolumes / 2 } as const;
/**
 * Bytes of all that the services of a user say. A thousand disks with long names need a tenth of
 * it.
 */
const mostBytes = 4 * 2 ** 20;

/** What one user of the broker has said in the last minutes. */
class Share {
  readonly #kept = { services: new Map<string, Kept>(), volumes: new Map<string, Kept>() };
  #bytes = 0;

  /** Whether there is room for it; if so, it is kept. `said`: all that is said of it. */
  admits(kind: keyof typeof most, id: string, said: unknown, at: number): boolean {
    const kept = this.#kept[kind];
    const before = kept.get(id);
    const bytes = Buffer.byteLength(JSON.stringify(said));
    const sum = this.#bytes + bytes - (before?.bytes ?? 0);
    if (sum > mostBytes || (before === undefined && kept.size >= most[kind])) return false;
    kept.set(id, { bytes, at });
    this.#bytes = sum;
    return true;
  }

  /** Returns whether nothing is left. */
  forgetSilent(at: number): boolean {
    for (const kept of Object.values(this.#kept))
      for (const [id, { bytes, at: saidAt }] of kept) {
        if (saidAt > at - forgottenMs) continue;
        kept.delete(id);
        this.#bytes -= bytes;
      }
    return this.#kept.services.size + this.#kept.volumes.size === 0;
  }
}

/**
 * How much each user of the broker may say of services and disks: who has the password of one can
 * make them up.
 */
export class Shares {
  readonly #users = new Map<string, Share>();

  /**
   * What is heard: all, or without the disks that are too many; `undefined` if nothing is. `at`:
   * when it came, Unix milliseconds.
   */
  admit(presence: Presence, user: string, at: number): Presence | undefined {
    const share = this.#users.get(user) ?? new Share();
    this.#users.set(user, share);
    const { volumes, ...service } = presence;
    if (!share.admits("services", presence.instance, service, at)) return undefined;
    const heard = volumes.filter((volume) => share.admits("volumes", volume.id, volume, at));
    return heard.length === volumes.length ? presence : { ...presence, volumes: heard };
  }

  forgetSilent(at: number): void {
    for (const [user, share] of this.#users) if (share.forgetSilent(at)) this.#users.delete(user);
  }
}
