import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyBounds, listingBounds, parsePlaces, placesText } from "../../src/index.ts";

test("a number fixes the requests at once; auto seeks it, up to the usual number or to the one behind it", () => {
  assert.deepEqual(parsePlaces("1", bodyBounds), { most: 1, isSought: false });
  assert.deepEqual(parsePlaces("4096", bodyBounds), { most: 4096, isSought: false });
  assert.deepEqual(parsePlaces("auto", bodyBounds), { most: 512, isSought: true });
  assert.deepEqual(parsePlaces("auto:100", bodyBounds), { most: 100, isSought: true });
  assert.deepEqual(parsePlaces("12", listingBounds), { most: 12, isSought: false });
  assert.deepEqual(parsePlaces("auto", listingBounds), { most: 64, isSought: true });
  assert.deepEqual(parsePlaces("auto:256", listingBounds), { most: 256, isSought: true });
});

test("anything else is refused", () => {
  const refused = ["", "0", "auto:", "auto:0", "AUTO", "64:auto", "-1", "1.5", "1e2", "99999999999999999999"];
  for (const bounds of [bodyBounds, listingBounds])
    for (const text of [...refused, `${bounds.greatest + 1}`, `auto:${bounds.greatest + 1}`])
      assert.equal(parsePlaces(text, bounds), undefined, text);
});

test("with a lower greatest number, what was sought is still sought", () => {
  assert.equal(placesText({ most: 512, isSought: true }, 40), "auto:40");
  assert.equal(placesText({ most: 64, isSought: false }, 40), "40");
});
