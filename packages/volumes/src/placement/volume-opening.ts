import { ConfigError, HostError } from "@brigade/core";
import type { LocalVolume } from "../local-volume.ts";
import type { VolumeState } from "./volume-state.ts";

/** Milliseconds until a volume that has failed is tried again; twice as long after each failure. */
const firstTryMs = 1_000;
const longestMs = 60_000;
/** Until the next try with a disk that did not answer the last one. Milliseconds. */
const silentMs = 3_600_000;
/** A volume that has worked for this long begins with the shortest time again. Milliseconds. */
const wellMs = 120_000;

export interface OpeningNeeds {
  readonly volume: LocalVolume;
  readonly state: VolumeState;
  /** Milliseconds, of a clock that never steps. */
  readonly now: () => number;
  /** Called when the volume was closed or opened. */
  readonly onChange: () => void;
}

/**
 * Closes and opens a volume as its state wants it: one that has failed is opened again, one that is
 * to be ejected is closed.
 */
export class VolumeOpening {
  readonly #needs: OpeningNeeds;
  #waitMs = firstTryMs;
  /** When it is tried next; `undefined` while it has not failed. */
  #tryAt: number | undefined;
  #openedAt = Number.NEGATIVE_INFINITY;
  #working = false;

  constructor(needs: OpeningNeeds) {
    this.#needs = needs;
  }

  /** Whether the volume is closed, or is to be. `batches`: those that are placed there. */
  isAtWork(batches: number): boolean {
    const { state } = this.#needs;
    return this.#working || state.hasFailed || state.isEjected || this.#isToEject(batches);
  }

  /** Takes the next step, if it is time for one. Never rejects for a fault of the disk. */
  async look(batches: number): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    try {
      if (this.#isToEject(batches)) await this.#eject();
      else if (this.#isToOpen()) await this.#open();
    } finally {
      this.#working = false;
    }
  }

  #isToEject(batches: number): boolean {
    const { state } = this.#needs;
    return state.order?.eject === true && !state.isEjected && (batches === 0 || state.hasFailed);
  }

  #isToOpen(): boolean {
    const { state, now } = this.#needs;
    if (state.order?.eject === true) return false;
    if (!state.hasFailed) {
      this.#tryAt = undefined;
      return state.isEjected;
    }
    if (this.#tryAt === undefined) {
      if (now() - this.#openedAt > wellMs) this.#waitMs = firstTryMs;
      this.#tryAt = now() + this.#waitMs;
    }
    return now() >= this.#tryAt;
  }

  async #eject(): Promise<void> {
    const { volume, state, onChange } = this.#needs;
    await volume.close(new HostError("gone", `${volume.label} is ejected`));
    onChange();
    state.ejected();
  }

  async #open(): Promise<void> {
    const { volume, state, now, onChange } = this.#needs;
    this.#waitMs = Math.min(this.#waitMs * 2, longestMs);
    this.#tryAt = now() + this.#waitMs;
    try {
      await volume.close(new HostError("gone", state.reason ?? `${volume.label} is closed`));
      onChange();
      await volume.reopen();
    } catch (error) {
      const fault = faultOf(error);
      // This process lacks descriptors or memory: that is no news of the disk.
      if (fault.kind !== "limits") state.stillFailed(fault);
      // A thread that hangs in a call was left behind: there are not to be many.
      if (fault.kind === "silent") this.#tryAt = now() + silentMs;
      return;
    }
    this.#tryAt = undefined;
    this.#openedAt = now();
    onChange();
    state.reopened();
  }
}

/** Returns why a volume could not be opened again, as a fault of its disk. */
function faultOf(error: unknown): HostError {
  if (error instanceof HostError) return error;
  if (error instanceof ConfigError) return new HostError("io", error.message, { cause: error });
  throw error;
}
