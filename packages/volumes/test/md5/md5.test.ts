import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { BodyHash, padding } from "../../src/md5/bodies.ts";

const slot = 64 * 1024;
const slots = 40;
const pages = slots + 1;
const longest = slot - padding;

/** Lengths at which the padding needs one block more, and the ends of what fits. */
const boundaries = [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, longest - 1, longest];

function bodiesIn(memory: WebAssembly.Memory, lengths: readonly number[], seed: number) {
  const all = new Uint8Array(memory.buffer);
  all.fill(0xff, slot); // what lay in the slots before
  return lengths.map((length, index) => {
    const offset = slot * (index + 1);
    for (let i = 0; i < length; i++) all[offset + i] = (seed + i * 31 + index * 7 + (i >> 8)) & 255;
    return { offset, length };
  });
}

function byNode(memory: WebAssembly.Memory, { offset, length }: { offset: number; length: number }): string {
  return hash("md5", Buffer.from(new Uint8Array(memory.buffer, offset, length)), "hex");
}

/** Numbers below 1 that are the same in each run (a linear congruential generator). */
function* randoms(): Generator<number, never> {
  for (let state = 42; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

test("the MD5s of bodies at once are those that node:crypto gives each, whatever their lengths and number", () => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bodyHash = new BodyHash(memory);
  const random = randoms();
  const below = (most: number) => Math.floor(random.next().value * most);
  const length = () =>
    [boundaries[below(boundaries.length)] ?? 0, below(longest + 1), below(300)][below(3)] ?? 0;
  for (let round = 0; round < 100; round++) {
    const lengths = Array.from({ length: below(slots + 1) }, length);
    const bodies = bodiesIn(memory, lengths, round);
    const wanted = bodies.map((body) => byNode(memory, body));
    assert.deepEqual(bodyHash.md5s(bodies), wanted, `lengths ${lengths}`);
    const after = bodies.map((body) => byNode(memory, body));
    assert.deepEqual(after, wanted, "the bodies stay as they are");
  }
});

test("no slot but those of the bodies is written to", () => {
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const bodies = bodiesIn(memory, Array<number>(8).fill(longest), 1);
  new BodyHash(memory).md5s(bodies);
  const others = new Uint8Array(memory.buffer, slot * 9);
  assert.ok(others.every((byte) => byte === 0xff));
});
