import type { Presence } from "@brigade/core";
import type { VolumeRooms } from "./volume-rooms.ts";

/** Milliseconds between two announcements. */
const everyMs = 5_000;
/** Milliseconds that an announcement waits for the answers of disks. */
const answersWithinMs = 1_000;

export interface AnnouncingParts {
  readonly who: Pick<Presence, "service" | "host" | "instance" | "began">;
  readonly sources: () => Presence["sources"];
  readonly rooms: VolumeRooms;
  /** May drop the announcement. Must not throw. */
  readonly announce: (presence: Presence) => void;
}

/** Announces every few seconds how a service is, until it leaves. Keeps no process alive. */
export class Announcing {
  readonly #parts: AnnouncingParts;
  readonly #timer: NodeJS.Timeout;
  #hasLeft = false;

  constructor(parts: AnnouncingParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => void this.#speak(), everyMs).unref();
  }

  /** Announces at once, besides. */
  now(): void {
    if (!this.#hasLeft) this.#parts.announce(this.#presence());
  }

  /** Announces for the last time. */
  leave(): void {
    this.#hasLeft = true;
    clearInterval(this.#timer);
    this.#parts.announce({ ...this.#presence(), leaving: true });
  }

  async #speak(): Promise<void> {
    const { rooms, announce } = this.#parts;
    const late = new Promise((resolve) => void setTimeout(resolve, answersWithinMs).unref());
    await Promise.race([rooms.refresh(), late]);
    if (!this.#hasLeft) announce(this.#presence());
  }

  #presence(): Presence {
    const { who, sources, rooms } = this.#parts;
    return {
      v: 1,
      ...who,
      at: Date.now(),
      everyMs,
      sources: sources(),
      volumes: rooms.latest,
    };
  }
}
