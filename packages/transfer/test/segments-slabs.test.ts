import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteRange, NextSlab, ObjectBody } from "@brigade/core";
import { body, broken, bytesOf, MemoryFile, run, turn } from "./segment-server.ts";

const length = 10_000_000;
const piece = 100_000;

/** Fills slabs piece by piece, as a socket does; `lives`: bytes after which a connection breaks. */
function slabBody(range: Required<ByteRange>, used: Set<Uint8Array>, lives: number): ObjectBody {
  async function* fill(nextSlab: NextSlab): AsyncGenerator<Uint8Array, void, void> {
    let slab: Uint8Array = new Uint8Array();
    let filled = 0;
    for (let at = range.from; at <= range.to; ) {
      if (at - range.from >= lives) throw broken();
      if (filled === slab.length) {
        slab = nextSlab();
        filled = 0;
        used.add(slab);
        // Who reads it from now on has read too late.
        slab.fill(255);
      }
      const bytes = Math.min(piece, slab.length - filled, range.to + 1 - at);
      slab.set(bytesOf(at, at + bytes), filled);
      yield slab.subarray(filled, filled + bytes);
      filled += bytes;
      at += bytes;
      await turn();
    }
  }
  const chunks = (nextSlab?: NextSlab) => {
    assert.ok(nextSlab !== undefined, "no slabs were offered");
    return fill(nextSlab);
  };
  return {
    ...body(
      range,
      fill(() => new Uint8Array()),
    ),
    chunks,
  };
}

/** A disk that is in no hurry, so that writes are under way while more comes. */
class SlowFile extends MemoryFile {
  override async write(offset: number, chunks: readonly Uint8Array[]): Promise<void> {
    for (let turns = 0; turns < 3; turns++) await turn();
    await super.write(offset, chunks);
  }
}

for (const [what, lives] of [
  ["", Number.POSITIVE_INFINITY],
  [", also when connections break", 1_300_000],
] as const)
  test(`bodies are put into a few slabs again and again, none before what it held was written${what}`, async () => {
    const used = new Set<Uint8Array>();
    const file = new SlowFile(length);
    const { transfer } = await run({
      file,
      open: async (range) => slabBody(range, used, lives),
      options: { length, connections: 2, minSegment: 1_000_000 },
    });
    await transfer;
    assert.ok(Buffer.from(file.bytes).equals(bytesOf(0, length)));
    assert.ok(used.size <= 6, `${used.size} slabs`);
  });
