import { type Floor, floorOf, type LocalRoom } from "@brigade/core";

/** Bytes after which the disk is asked again. */
const lookEvery = 1024 * 1024;
/** Bytes. With less above the floor, the disk is asked before each write. */
const near = 64 * 1024 * 1024;
/** Bytes. */
const mostSpare = 64 * 1024 * 1024;

/**
 * Watches that writes leave the floor of their disk free. One per disk and thread, for all writes
 * together. Others write to the disk, too: room that was promised may be gone.
 */
export class RoomLeft {
  readonly #floor: Floor;
  readonly #spare: number;
  #unseen = 0;
  #isNear = true;

  /**
   * `spare`: a share of the disk that objects of unknown size leave free besides, for what comes
   * meanwhile and has room promised.
   */
  constructor(floor: Floor, spare = 0) {
    this.#floor = floor;
    this.#spare = spare;
  }

  /** Whether the disk is to be asked for its room before this many more bytes are written. */
  isToLook(bytes: number): boolean {
    this.#unseen += bytes;
    return this.#isNear || this.#unseen >= lookEvery;
  }

  /** `room`: of the disk, just asked. Returns whether this many bytes may be written. */
  isLeft(room: LocalRoom, bytes: number, { isMeasured }: { readonly isMeasured: boolean }): boolean {
    const { totalBytes } = room;
    const above = room.bytes - floorOf(this.#floor, totalBytes);
    this.#unseen = 0;
    this.#isNear = above < near;
    const spare = isMeasured || !Number.isFinite(totalBytes) ? 0 : this.#spare * totalBytes;
    return above - Math.min(mostSpare, spare) >= bytes;
  }
}
