import { type Floor, floorOf, type LocalRoom, type Log, type Presence } from "@brigade/core";
import { findsItself, type PlacedVolume, whyGone } from "@brigade/volumes";

export type VolumeRoom = Presence["volumes"][number];

/** The volumes of this moment. More may join. */
export interface PlacedVolumes {
  readonly all: readonly PlacedVolume[];
}

interface Entry {
  readonly placed: PlacedVolume;
  /** What stays free of its disk; `undefined`: not known. */
  readonly minFree: Floor | undefined;
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
  readonly #followed: { readonly volumes: PlacedVolumes; readonly minFree: Floor | undefined }[] = [];
  readonly #entries: Entry[] = [];

  constructor(log: Log) {
    this.#log = log;
  }

  /** To be called before other methods. `minFree`: what stays free of each disk. */
  follow(volumes: PlacedVolumes, minFree?: Floor): void {
    this.#followed.push({ volumes, minFree });
    void this.refresh();
  }

  /** In the order in which they joined. */
  get latest(): VolumeRoom[] {
    const now = performance.now();
    return this.#entries.map(({ placed, minFree, room, lookedAt, lost }) => ({
      id: placed.volume.id,
      label: placed.volume.label,
      root: placed.volume.root,
      standing: placed.standing,
      ...(room && { free: countable(room.bytes), size: countable(room.totalBytes) }),
      ...(room && minFree && floorIn(placed, room, minFree)),
      ...(lookedAt !== undefined && { lookedMs: Math.round(now - lookedAt) }),
      ...(lost !== undefined && { lost }),
    }));
  }

  /** Asks all volumes that are not being asked. Resolves when all have answered. */
  async refresh(): Promise<void> {
    this.#enterNew();
    await Promise.all(
      this.#entries.map((entry) => {
        entry.asking ??= this.#ask(entry);
        return entry.asking;
      }),
    );
  }

  #enterNew(): void {
    const known = new Set(this.#entries.map(({ placed }) => placed));
    const unknown = { room: undefined, lookedAt: undefined, lost: undefined, asking: undefined };
    for (const { volumes, minFree } of this.#followed)
      for (const placed of volumes.all)
        if (!known.has(placed)) this.#entries.push({ placed, minFree, ...unknown });
  }

  async #ask(entry: Entry): Promise<void> {
    const { volume } = entry.placed;
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
   * in that call. One that was ejected is not touched.
   */
  async #whyLost({ placed: { volume, standing }, lost }: Entry): Promise<string | undefined> {
    const { state, reason = "" } = standing;
    if (state === "ejected") return `it is ejected: ${reason}`;
    const answers = state !== "gone" && state !== "hanging";
    if (lost === undefined || (!volume.isOpen && answers)) return await whyGone(volume, this.#log);
    return (await findsItself(volume)) ? undefined : lost;
  }
}

function floorIn(
  { volume: { fileSystem } }: PlacedVolume,
  { totalBytes }: LocalRoom,
  minFree: Floor,
): Pick<VolumeRoom, "floor" | "fileSystem"> {
  return { floor: countable(floorOf(minFree, totalBytes)), fileSystem };
}

/** Some network file systems report more than a number holds exactly. */
function countable(bytes: number): number {
  return Math.min(bytes, Number.MAX_SAFE_INTEGER);
}
