import { type Body, BodyHash, reserved } from "@brigade/volumes/thread";
import { slotSize } from "../slot-size.ts";

const slotCount = 512;
const firstSlot = Math.ceil(reserved / slotSize);

/**
 * Memory for bodies of this thread, which stays at the same place: nothing is allocated, zeroed and
 * collected for each body. It is shared, because the program that hashes expects that.
 */
export class Slots {
  readonly bytes: Uint8Array;
  readonly #hash: BodyHash;
  /** The one given back last is used first: its pages are in the processor's caches. */
  readonly #free = Array.from(
    { length: slotCount },
    (_, slot) => (firstSlot + slotCount - 1 - slot) * slotSize,
  );

  constructor() {
    const pages = firstSlot + slotCount;
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    this.bytes = new Uint8Array(memory.buffer);
    this.#hash = new BodyHash(memory);
  }

  /** Returns the offset of a slot; `undefined` if none is free. */
  take(): number | undefined {
    return this.#free.pop();
  }

  giveBack(offset: number): void {
    this.#free.push(offset);
  }

  /** Returns the MD5s of bodies in slots, in their order. What lies behind a body is overwritten. */
  md5s(bodies: readonly Body[]): string[] {
    return this.#hash.md5s(bodies);
  }
}
