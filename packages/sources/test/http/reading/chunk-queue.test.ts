import assert from "node:assert/strict";
import { test } from "node:test";
import { ChunkQueue } from "../../../src/http/reading/chunk-queue.ts";

/** Chunks of these lengths, each byte another than its neighbours. */
function chunksOf(lengths: readonly number[]): Uint8Array[] {
  let next = 0;
  return lengths.map((length) => Uint8Array.from({ length }, () => next++ % 251));
}

test("chunks of any lengths come out as the same bytes in the same order, also when they are taken between", () => {
  const chunks = chunksOf([1, 1, 5000, 1, 1023, 1023, ...new Array<number>(40).fill(700), 1024, 1, 2, 3]);
  for (const takeAfter of [1, 2, 7, chunks.length]) {
    const queue = new ChunkQueue();
    const out: Uint8Array[] = [];
    for (const [index, chunk] of chunks.entries()) {
      queue.push(chunk);
      if (index % takeAfter === 0) out.push(...queue.take());
    }
    out.push(...queue.take());
    assert.ok(Buffer.concat(out).equals(Buffer.concat(chunks)));
    assert.equal(queue.bytes, 0);
  }
});

test("chunks of one byte wait as a few large ones, and what was handed out is not written over", () => {
  const queue = new ChunkQueue();
  const fill = (byte: number) => {
    for (let n = 0; n < 100_000; n++) queue.push(Uint8Array.of(byte));
    assert.equal(queue.bytes, 100_000);
    return queue.take();
  };
  const first = fill(1);
  const second = fill(2);
  assert.ok(first.length < 10 && second.length < 10, `${first.length}`);
  assert.ok(Buffer.concat(first).equals(Buffer.alloc(100_000, 1)));
  assert.ok(Buffer.concat(second).equals(Buffer.alloc(100_000, 2)));
});

test("a chunk that waits alone, or is long, is handed out as it came", () => {
  const queue = new ChunkQueue();
  const [short, long] = chunksOf([10, 2000]) as [Uint8Array, Uint8Array];
  queue.push(short);
  assert.equal(queue.take()[0], short);
  queue.push(short);
  queue.push(long);
  assert.deepEqual(
    queue.take().map((one) => one === short || one === long),
    [true, true],
  );
});
