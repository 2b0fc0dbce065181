import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePlaces, placesText } from "../../src/http/places-variable.ts";

test("a number fixes the objects at once; auto seeks it, up to 512 or to the number behind it", () => {
  assert.deepEqual(parsePlaces("1"), { most: 1, isSought: false });
  assert.deepEqual(parsePlaces("4096"), { most: 4096, isSought: false });
  assert.deepEqual(parsePlaces("auto"), { most: 512, isSought: true });
  assert.deepEqual(parsePlaces("auto:100"), { most: 100, isSought: true });
});

test("anything else is refused", () => {
  for (const text of [
    "",
    "0",
    "4097",
    "auto:",
    "auto:0",
    "auto:5000",
    "AUTO",
    "64:auto",
    "-1",
    "1.5",
    "1e2",
    "99999999999999999999",
  ])
    assert.equal(parsePlaces(text), undefined, text);
});

test("with a lower greatest number, what was sought is still sought", () => {
  assert.equal(placesText({ most: 512, isSought: true }, 40), "auto:40");
  assert.equal(placesText({ most: 64, isSought: false }, 40), "40");
});
