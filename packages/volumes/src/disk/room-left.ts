import { type Floor, floorOf, type LocalRoom } from "@brigade/core";

/** Bytes after which the disk is asked again. */
const lookEvery = 1024 * 1024;
/** Bytes. */
const mostSpare = 64 * 1024 * 1024;

/**
 * Watches that objects of unknown size leave the floor of their disk free. One per disk, for all of
 * them together.
 */
export class RoomLeft {
  readonly #floor: Floor;
  readonly #spare: number;
  #unseen = 0;

  /**
   * `spare`: a share of the disk that stays free besides, for what comes meanwhile and has room
   * promised.
   */
  constructor(floor: Floor, spare = 0) {
    this.#floor = floor;
    this.#spare = spare;
  }

  /** Whether the disk is to be asked for its room, now that this many more bytes were written. */
  isToLook(bytes: number): boolean {
    this.#unseen += bytes;
    if (this.#unseen < lookEvery) return false;
    this.#unseen = 0;
    return true;
  }

  isLeft({ bytes, totalBytes }: LocalRoom): boolean {
    const spare = Number.isFinite(totalBytes) ? Math.min(mostSpare, this.#spare * totalBytes) : 0;
    return bytes > floorOf(this.#floor, totalBytes) + spare;
  }
}
