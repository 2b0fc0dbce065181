import { hash } from "node:crypto";
import { lanes, md5Program, type Run, stateOf } from "./program.ts";

/** A body by where it lies in the memory. */
export interface Body {
  /** Bytes from the start of the memory. */
  readonly offset: number;
  readonly length: number;
}

/** Bytes behind a body at most that are overwritten when its MD5 is computed. */
export const padding = 72;
const blockBytes = 64;
/** A step of all lanes costs as much as this number of blocks in node:crypto. */
const stepCost = 3.2;

/** No body is in a lane. */
const free = -1;

/** The bodies that are hashed at once, by their lanes. */
class Lanes {
  /** Place in the list of bodies, or `free`. */
  readonly index = new Int32Array(lanes).fill(free);
  /** Blocks of the whole body. */
  readonly all = new Int32Array(lanes);
  /** Bytes from the start of the memory, to the next block. A free lane reads from 0. */
  readonly at = new Int32Array(lanes);
  /** Blocks that are left. */
  readonly blocks = new Int32Array(lanes);

  clear(): void {
    this.index.fill(free);
    this.at.fill(0);
  }

  /** Blocks that all bodies still have. */
  get fewestBlocks(): number {
    let fewest = Number.POSITIVE_INFINITY;
    for (let lane = 0; lane < lanes; lane++)
      if (this.index[lane] !== free) fewest = Math.min(fewest, this.blocks[lane]!);
    return fewest;
  }

  /** Whether going on costs less than hashing these bodies from their beginning, one by one. */
  get isWorthIt(): boolean {
    let most = 0;
    let all = 0;
    for (let lane = 0; lane < lanes; lane++) {
      if (this.index[lane] === free) continue;
      most = Math.max(most, this.blocks[lane]!);
      all += this.all[lane]!;
    }
    return most * stepCost < all;
  }
}

/**
 * MD5s of bodies that lie in a shared memory: eight at a time cost 12 us for 20 kB, where
 * node:crypto takes 30.
 */
export class BodyHash {
  readonly #memory: SharedArrayBuffer;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #view: DataView;
  readonly #lanes = new Lanes();
  readonly #run: Run | undefined;

  /** The first `reserved` bytes of `memory` are this object's alone. */
  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory.buffer;
    this.#bytes = new Uint8Array(this.#memory);
    this.#words = new Uint32Array(this.#memory);
    this.#view = new DataView(this.#memory);
    this.#run = programFor(memory);
  }

  /**
   * Returns their MD5s in hexadecimal, in their order. Up to `padding` bytes behind each body are
   * overwritten.
   */
  md5s(bodies: readonly Body[]): string[] {
    const md5s = new Array<string>(bodies.length);
    const waiting = bodies.map((_, index) => index);
    if (this.#run !== undefined && bodies.length > 1) {
      // The longest come first: then all lanes end at nearly the same time.
      waiting.sort((one, other) => lengthAt(bodies, other) - lengthAt(bodies, one));
      this.#together(this.#run, bodies, waiting, (index, md5) => {
        md5s[index] = md5;
      });
    }
    for (const [index, body] of bodies.entries()) md5s[index] ??= this.#alone(body);
    return md5s;
  }

  /**
   * `onMd5` gets what is worth it; the few that are left over are not among it. It runs once per
   * body and more: it allocates nothing.
   */
  #together(
    run: Run,
    bodies: readonly Body[],
    waiting: readonly number[],
    onMd5: (index: number, md5: string) => void,
  ): void {
    const busy = this.#lanes;
    busy.clear();
    let next = 0;
    for (;;) {
      for (let lane = 0; lane < lanes && next < waiting.length; lane++)
        if (busy.index[lane] === free) this.#begin(lane, bodies, waiting[next++]!);
      if (next === waiting.length && !busy.isWorthIt) return;
      const blocks = busy.fewestBlocks;
      const { at } = busy;
      run(at[0]!, at[1]!, at[2]!, at[3]!, at[4]!, at[5]!, at[6]!, at[7]!, blocks);
      for (let lane = 0; lane < lanes; lane++) {
        const index = busy.index[lane]!;
        if (index === free) continue;
        at[lane]! += blocks * blockBytes;
        busy.blocks[lane]! -= blocks;
        if (busy.blocks[lane]! > 0) continue;
        busy.index[lane] = free;
        at[lane] = 0;
        onMd5(index, this.#digest(lane));
      }
    }
  }

  #begin(lane: number, bodies: readonly Body[], index: number): void {
    const { offset, length } = bodies[index]!;
    const blocks = Math.floor((length + padding) / blockBytes);
    const end = offset + blocks * blockBytes;
    this.#bytes[offset + length] = 0x80;
    this.#bytes.fill(0, offset + length + 1, end - 8);
    this.#view.setUint32(end - 8, (length << 3) >>> 0, true);
    this.#view.setUint32(end - 4, length >>> 29, true);
    const state = stateOf(lane);
    for (let which = 0; which < initial.length; which++) this.#words[state + 4 * which] = initial[which]!;
    this.#lanes.index[lane] = index;
    this.#lanes.all[lane] = blocks;
    this.#lanes.at[lane] = offset;
    this.#lanes.blocks[lane] = blocks;
  }

  #digest(lane: number): string {
    const state = stateOf(lane);
    let text = "";
    for (let which = 0; which < initial.length; which++) text += hexOf(this.#words[state + 4 * which]!);
    return text;
  }

  #alone({ offset, length }: Body): string {
    return hash("md5", new Uint8Array(this.#memory, offset, length), "hex");
  }
}

/** RFC 1321, 3.3. */
const initial = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476];

const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The least byte first. */
function hexOf(word: number): string {
  return hex[word & 255]! + hex[(word >>> 8) & 255]! + hex[(word >>> 16) & 255]! + hex[word >>> 24]!;
}

function lengthAt(bodies: readonly Body[], index: number): number {
  return bodies[index]?.length ?? 0;
}

/** `undefined` where this machine has no vector instructions, or WebAssembly is switched off. */
function programFor(memory: WebAssembly.Memory): Run | undefined {
  try {
    return md5Program(memory);
  } catch {
    return undefined;
  }
}
