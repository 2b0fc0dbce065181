import type { Presence } from "@brigade/core";
import type { VolumeRooms } from "./volume-rooms.ts";

/** Milliseconds from word to word. */
const everyMs = 5_000;

export interface AnnouncingParts {
  readonly who: Pick<Presence, "service" | "host" | "instance">;
  readonly sources: () => Presence["sources"];
  readonly rooms: VolumeRooms;
  /** May drop it; must not throw. */
  readonly announce: (presence: Presence) => void;
}

/** Says every few seconds how a service is, until it leaves. Waits for nothing, and keeps no process alive. */
export class Announcing {
  readonly #parts: AnnouncingParts;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: AnnouncingParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => {
      parts.rooms.refresh();
      parts.announce(this.#presence());
    }, everyMs).unref();
  }

  /** Says the last word. */
  leave(): void {
    clearInterval(this.#timer);
    this.#parts.announce({ ...this.#presence(), leaving: true });
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
