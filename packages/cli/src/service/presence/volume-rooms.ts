import type { LocalRoom, Log, Presence } from "@brigade/core";
import { findsItself, type LocalVolume, whyGone } from "@brigade/volumes";

export type VolumeRoom = Presence["volumes"][number];

interface Entry {
  readonly volume: LocalVolume;
  room: LocalRoom | undefined;
  /** When the last look began that was answered, by `performance.now()`; `undefined` before. */
  lookedAt: number | undefined;
  /** Why the disk was not there then; `undefined` if it was. */
  lost: string | undefined;
  /** While a look has not been answered; `undefined` otherwise. */
  asking: Promise<void> | undefined;
}

/**
 * Keeps what volumes last reported of their room, and whether their disks are there: no caller has to
 * wait for a disk that hangs.
 */
export class VolumeRooms {
  readonly #log: Log;
  readonly #entries: Entry[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  add(volumes: readonly LocalVolume[]): void {
    const unknown = { room: undefined, lookedAt: undefined, lost: undefined, asking: undefined };
    this.#entries.push(...volumes.map((volume) => ({ volume, ...unknown })));
    void this.refresh();
  }

  /** In the order of `add`. */
  get latest(): VolumeRoom[] {
    const now = performance.now();
    return this.#entries.map(({ volume: { id, label, root }, room, lookedAt, lost }) => ({
      id,
      label,
      root,
      ...(room && { free: countable(room.bytes), size: countable(room.totalBytes) }),
      ...(lookedAt !== undefined && { lookedMs: Math.round(now - lookedAt) }),
      ...(lost !== undefined && { lost }),
    }));
  }

  /** Asks all volumes that are not being asked. Resolves when all have answered. */
  async refresh(): Promise<void> {
    await Promise.all(
      this.#entries.map((entry) => {
        entry.asking ??= this.#ask(entry);
        return entry.asking;
      }),
    );
  }

  async #ask(entry: Entry): Promise<void> {
    const { volume } = entry;
    const began = performance.now();
    // A failed disk has no figures.
    const room = volume.room().catch(() => undefined);
    entry.lost = await this.#whyLost(entry);
    entry.lookedAt = began;
    entry.room = await room;
    entry.asking = undefined;
  }

  /**
   * A disk that is known to be lost is asked by its own thread only: each other thread might hang
   * in that call.
   */
  async #whyLost({ volume, lost }: Entry): Promise<string | undefined> {
    if (lost === undefined) return await whyGone(volume, this.#log);
    return (await findsItself(volume)) ? undefined : lost;
  }
}

/** Some network file systems report more than a number holds exactly. */
function countable(bytes: number): number {
  return Math.min(bytes, Number.MAX_SAFE_INTEGER);
}
