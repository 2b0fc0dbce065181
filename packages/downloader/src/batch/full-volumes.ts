import type { Delayer, Log, Placement, Valve } from "@brigade/core";

export interface FullVolumesParts {
  readonly valve: Valve;
  readonly placement: Placement;
  readonly log: Log;
  readonly delay: Delayer;
  readonly leaving: AbortSignal;
  /** No volume can accept anything, for this reason. */
  readonly onExhausted: (reason: string) => void;
}

const full = "no volume with room";
/** Milliseconds between two looks at full disks. */
const roomPoll = 10_000;

/** Lets fetching pause while no volume can accept anything. */
export class FullVolumes {
  readonly #parts: FullVolumesParts;

  constructor(parts: FullVolumesParts) {
    this.#parts = parts;
  }

  /** Resolves when a volume has room again, at once if that is being waited for already. */
  async wait(reason: string): Promise<void> {
    const { valve, placement, log, delay, leaving, onExhausted } = this.#parts;
    if (valve.reasons.includes(full)) return;
    log.error({ reason }, "fetching pauses: no volume can accept anything");
    const closed = valve.close(full);
    onExhausted(reason);
    await closed;
    while (!leaving.aborted && (await placement.exhausted()) !== undefined) {
      await delay(roomPoll, leaving).catch(() => undefined);
    }
    if (!leaving.aborted) await valve.open(full);
  }
}
