import type { Presence } from "@brigade/core";
import type { LocalRoom, LocalVolume } from "@brigade/volumes";

export type VolumeRoom = Presence["volumes"][number];

/** What volumes last said of their room, so that nobody has to wait for a disk that hangs. */
export class VolumeRooms {
  readonly #entries: { readonly volume: LocalVolume; room: LocalRoom | undefined; isAsked: boolean }[] = [];

  add(volumes: readonly LocalVolume[]): void {
    this.#entries.push(...volumes.map((volume) => ({ volume, room: undefined, isAsked: false })));
    this.refresh();
  }

  /** In the order of `add`. */
  get latest(): VolumeRoom[] {
    return this.#entries.map(({ volume: { id, label, root }, room }) => ({
      id,
      label,
      root,
      ...(room && { free: countable(room.bytes), size: countable(room.totalBytes) }),
    }));
  }

  /** Asks; whoever has not answered the last time is not asked again. */
  refresh(): void {
    for (const entry of this.#entries) {
      if (entry.isAsked) continue;
      entry.isAsked = true;
      entry.volume.room().then(
        (room) => {
          entry.room = room;
          entry.isAsked = false;
        },
        () => {
          // A failed disk has no figures; storing on it tells why.
          entry.room = undefined;
          entry.isAsked = false;
        },
      );
    }
  }
}

/** Some network file systems boast of more than a number holds exactly. */
function countable(bytes: number): number {
  return Math.min(bytes, Number.MAX_SAFE_INTEGER);
}
