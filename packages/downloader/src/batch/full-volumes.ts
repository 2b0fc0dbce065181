import type { Delayer, Log, Placement, Valve } from "@brigade/core";

export interface FullVolumesParts {
  readonly valve: Valve;
  readonly placement: Placement;
  readonly log: Log;
  readonly delay: Delayer;
  readonly leaving: AbortSignal;
  /** No volume can accept anything, for this reason. Called again when it is another reason. */
  readonly onExhausted: (reason: string) => void;
}

/** Why fetching pauses. */
export const noRoom = "no volume with room";
/** Milliseconds between two looks at full disks. */
const roomPoll = 10_000;

/** Lets fetching pause while no volume can accept anything. */
export class FullVolumes {
  readonly #parts: FullVolumesParts;

  constructor(parts: FullVolumesParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when a volume has room again for so many bytes, at once if room is being waited for
   * already.
   */
  async wait(reason: string, bytes: number): Promise<void> {
    const { valve, placement, log, delay, leaving, onExhausted } = this.#parts;
    if (valve.reasons.includes(noRoom)) return;
    log.error({ reason }, "fetching pauses: no volume can accept anything");
    const closed = valve.close(noRoom);
    onExhausted(reason);
    await closed;
    let told = reason;
    while (!leaving.aborted) {
      const still = await placement.exhausted(bytes);
      if (still === undefined) break;
      if (still !== told) onExhausted(still);
      told = still;
      await delay(roomPoll, leaving).catch(() => undefined);
    }
    if (!leaving.aborted) await valve.open(noRoom);
  }
}
