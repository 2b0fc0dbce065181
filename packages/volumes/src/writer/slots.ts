import { type Body, padding } from "../md5/bodies.ts";
import { reserved } from "../md5/program.ts";

/** Bytes of a slot, a page of WebAssembly's: most pictures fit. */
const slotSize = 64 * 1024;
/** Slots per volume. A body that finds none free travels in memory of its own. */
const usualCount = 1024;

/** Slots at the start that hold no bodies: the hashing of bodies works there. */
const firstSlot = Math.ceil(reserved / slotSize);

/**
 * Memory for small bodies, which several threads may see: nothing is allocated, zeroed, transferred and
 * collected for each file, and the same few pages, used again and again, stay in the processor's
 * caches.
 */
export class Slots {
  readonly memory: WebAssembly.Memory;
  /** The one given back last is lent first. */
  readonly #free: number[];
  readonly #views: Buffer[] = [];

  constructor(count = usualCount) {
    const pages = firstSlot + count;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.#free = Array.from({ length: count }, (_, slot) => (pages - 1 - slot) * slotSize);
  }

  /** Returns the offset of a slot; `undefined` if none is free. */
  acquire(): number | undefined {
    return this.#free.pop();
  }

  /** Returns a slot, or memory of its own if none is free or large enough. */
  lend(size: number): Uint8Array {
    const offset = size <= slotSize - padding ? this.acquire() : undefined;
    return offset === undefined ? new Uint8Array(size) : new Uint8Array(this.memory.buffer, offset, size);
  }

  /** Returns where a body lies; `undefined` if it is not in a slot. */
  slotOf(bytes: Uint8Array): Body | undefined {
    return bytes.buffer === this.memory.buffer
      ? { offset: bytes.byteOffset, length: bytes.byteLength }
      : undefined;
  }

  giveBack(offset: number): void {
    this.#free.push(offset);
  }

  /** Returns all bytes of a slot. */
  bytesOf(offset: number): Buffer {
    const slot = offset / slotSize;
    this.#views[slot] ??= Buffer.from(this.memory.buffer, offset, slotSize);
    return this.#views[slot];
  }

  /** Whether a body of `size` bytes that begins with these has room in the slot where they lie. */
  hasRoom(first: Uint8Array, size: number): boolean {
    if (first.buffer !== this.memory.buffer) return false;
    return (first.byteOffset % slotSize) + size + padding <= slotSize;
  }
}
