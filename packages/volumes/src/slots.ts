/** Bytes of a slot: most pictures fit. */
const slotSize = 64 * 1024;
/** Slots of a volume; what finds none free travels in memory of its own. */
const slotCount = 1024;

/** A body in shared memory, by where it lies. */
export interface Slot {
  /** Bytes from the start of the memory. */
  readonly offset: number;
  readonly length: number;
}

/**
 * Memory for small bodies that both threads see: nothing is allocated, zeroed, transferred and collected for each file,
 * and the same few pages, used again and again, stay in the processor's caches.
 */
export class Slots {
  readonly memory = new SharedArrayBuffer(slotSize * slotCount);
  /** The one given back last is lent first. */
  readonly #free = Array.from({ length: slotCount }, (_, slot) => (slotCount - 1 - slot) * slotSize);

  /** A slot, or memory of its own where none is free or large enough. */
  lend(size: number): Uint8Array {
    const offset = size <= slotSize ? this.#free.pop() : undefined;
    return offset === undefined ? new Uint8Array(size) : new Uint8Array(this.memory, offset, size);
  }

  /** Where a body lies, if it lies in a slot. */
  slotOf(bytes: Uint8Array): Slot | undefined {
    return bytes.buffer === this.memory ? { offset: bytes.byteOffset, length: bytes.byteLength } : undefined;
  }

  giveBack(offset: number): void {
    this.#free.push(offset);
  }
}
