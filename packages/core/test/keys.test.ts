import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { join, refusal, sourceNameSchema } from "../src/index.ts";

describe("refusal", () => {
  for (const name of ["", ".", "..", "a/b", "/", "../x", "a\0b", "a\ud800b", "\udce9"]) {
    test(`has a reason why ${JSON.stringify(name)} can neither be requested nor stored`, () => {
      assert.match(refusal(name) ?? "", /^the name /);
    });
  }

  for (const name of [
    "...",
    ".hidden",
    "..a",
    "a..b",
    " ",
    "a b",
    "图.jpg",
    "a\ufffdb",
    "a\\b",
    "a%2e%2e",
    "%00",
    "a\nb",
    "-rf",
    "~",
  ]) {
    test(`lets ${JSON.stringify(name)} pass`, () => {
      assert.equal(refusal(name), undefined);
    });
  }
});

test("a key in the root has no leading slash", () => {
  assert.equal(join("", "a.jpg"), "a.jpg");
  assert.equal(join("2024/01", "a.jpg"), "2024/01/a.jpg");
});

test("a source's name can be a folder's name and a part of a queue's", () => {
  for (const name of ["photos", "a", "p-2024", "x".repeat(63)]) {
    assert.equal(sourceNameSchema.safeParse(name).success, true, name);
  }
  for (const name of ["", "-a", "A", "a_b", "a.b", "..", "a/b", "x".repeat(64), "a\n"]) {
    assert.equal(sourceNameSchema.safeParse(name).success, false, name);
  }
});
