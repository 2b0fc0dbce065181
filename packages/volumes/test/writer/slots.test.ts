import assert from "node:assert/strict";
import { test } from "node:test";
import { Slots } from "../../src/writer/slots.ts";

test("lends every slot once, then memory of its own, and lends again what was given back", () => {
  const slots = new Slots();
  const lent = new Set<number>();
  for (let bytes = slots.lend(1000); ; bytes = slots.lend(1000)) {
    assert.equal(bytes.length, 1000);
    const slot = slots.slotOf(bytes);
    if (slot === undefined) break;
    assert.ok(!lent.has(slot.offset), "lent twice");
    lent.add(slot.offset);
  }
  assert.ok(lent.size > 100);
  const [offset = -1] = lent;
  slots.giveBack(offset);
  assert.deepEqual(slots.slotOf(slots.lend(7)), { offset, length: 7 });
});

test("lends memory of its own for what is larger than a slot", () => {
  const slots = new Slots();
  const bytes = slots.lend(64 * 1024 + 1);
  assert.deepEqual([bytes.length, slots.slotOf(bytes)], [64 * 1024 + 1, undefined]);
});
