import { mix, randomStream } from "../random.ts";
import type { Body } from "./body.ts";
import { commentCapacity, commentHeader, jpegHead, jpegTail } from "./jpeg.ts";

const poolBytes = 1 << 20;
const pool = fillPool();
const segment = commentCapacity + 4;

function fillPool(): Buffer {
  const bytes = Buffer.alloc(poolBytes + 2 * commentCapacity);
  const next = randomStream(20_161_109);
  for (let i = 0; i < poolBytes; i += 4) bytes.writeUInt32LE(Math.floor(next() * 2 ** 32), i);
  bytes.copy(bytes, poolBytes, 0, 2 * commentCapacity);
  return bytes;
}

/**
 * Bytes made from `identity` (a hash of the key) and the size alone: a JPEG whose comment segments
 * are slices of one shared random pool, so that a body costs no memory and no generation. Below
 * about 300 bytes there is no room for a picture; then only its first and last two bytes are right.
 */
export function computedBody(identity: number, size: number): Body {
  if (size < jpegHead.length + jpegTail.length + 16) return { size, chunks: tinyChunks(identity, size) };
  const filling = size - jpegHead.length - jpegTail.length;
  return {
    size,
    *chunks(from, to) {
      if (from < jpegHead.length) yield jpegHead.subarray(from, to);
      const first = Math.max(0, Math.floor((from - jpegHead.length) / segment));
      for (let index = first; index * segment < filling; index++) {
        const start = jpegHead.length + index * segment;
        if (start >= to) return;
        yield* cut(
          segmentChunks(identity, index, Math.min(segment, filling - index * segment)),
          start,
          from,
          to,
        );
      }
      yield* cut([jpegTail], size - jpegTail.length, from, to);
    },
  };
}

/**
 * One comment segment of `length` bytes in all. A rest too short for one is padded with fill bytes,
 * as JPEG allows.
 */
function segmentChunks(identity: number, index: number, length: number): Buffer[] {
  if (length < 12) return [Buffer.alloc(length, 0xff)];
  const header = Buffer.concat([commentHeader(length - 4), Buffer.alloc(8)]);
  header.writeUInt32BE(identity >>> 0, 4);
  header.writeUInt32BE(index, 8);
  const offset = mix(identity + Math.imul(index, 0x9e3779b1)) % poolBytes;
  return [header, pool.subarray(offset, offset + length - header.length)];
}

function tinyChunks(identity: number, size: number): Body["chunks"] {
  const offset = mix(identity) % poolBytes;
  const bytes = Buffer.from(pool.subarray(offset, offset + size));
  if (size >= 6) {
    bytes.set([0xff, 0xd8, 0xff]);
    bytes.set([0xff, 0xd9], size - 2);
  }
  return (from, to) => (from < to ? [bytes.subarray(from, to)] : []);
}

/** The parts of `chunks` (which begin at `start`) that lie within `from`..`to`. */
function* cut(chunks: Iterable<Buffer>, start: number, from: number, to: number): Iterable<Uint8Array> {
  let at = start;
  for (const chunk of chunks) {
    const low = Math.max(from - at, 0);
    const high = Math.min(to - at, chunk.length);
    if (low < high) yield chunk.subarray(low, high);
    at += chunk.length;
  }
}
