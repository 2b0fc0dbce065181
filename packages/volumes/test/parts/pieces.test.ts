import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Pieces } from "../../src/parts/pieces.ts";

describe("pieces", () => {
  test("that touch or overlap become one, whatever their order", () => {
    const pieces = new Pieces([{ from: 10, to: 20 }]);
    pieces.add({ from: 30, to: 40 });
    pieces.add({ from: 0, to: 5 });
    const before = pieces.list;
    pieces.add({ from: 20, to: 30 });
    pieces.add({ from: 7, to: 7 });
    assert.deepEqual(pieces.list, [
      { from: 0, to: 5 },
      { from: 10, to: 40 },
    ]);
    pieces.add({ from: 3, to: 50 });
    assert.deepEqual(pieces.list, [{ from: 0, to: 50 }]);
    assert.equal(before.length, 3, "a list that was given stays as it was");
    assert.equal(pieces.list, pieces.list);
  });

  test("100,000 of them are read, and added to, in a time that grows with their number only", () => {
    const many = Array.from({ length: 100_000 }, (_, n) => ({ from: n * 10, to: n * 10 + 5 }));
    const before = process.cpuUsage();
    const pieces = new Pieces(many);
    for (const { to } of many) pieces.add({ from: to, to: to + 1 });
    assert.deepEqual([pieces.list.length, pieces.list.at(-1)], [100_000, { from: 999_990, to: 999_996 }]);
    assert.ok(process.cpuUsage(before).user < 5_000_000);
  });
});
