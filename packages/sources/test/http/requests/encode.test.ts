import assert from "node:assert/strict";
import { test } from "node:test";
import { NameError } from "@brigade/core";
import { assertRequestable, encodePath } from "../../../src/http/requests/encode.ts";

test("encodes everything but letters, digits, - . _ ~ and slashes, once, in upper case", () => {
  assert.equal(encodePath("a-b.c_d~e/f"), "a-b.c_d~e/f");
  assert.equal(encodePath("100%.jpg"), "100%25.jpg");
  assert.equal(encodePath("%41"), "%2541");
  assert.equal(encodePath("a b+c?d#e&f"), "a%20b%2Bc%3Fd%23e%26f");
  assert.equal(encodePath("!'()*`\\\"[]{}|^"), "%21%27%28%29%2A%60%5C%22%5B%5D%7B%7D%7C%5E");
  assert.equal(encodePath("é/中"), "%C3%A9/%E4%B8%AD");
});

test("gives two spellings of one letter two encodings", () => {
  assert.notEqual(encodePath("\u00e9"), encodePath("e\u0301"));
});

test("refuses keys that HTTP software would fold into others", () => {
  for (const key of ["", ".", "..", "a/../b", "a/./b", "../a", "a/..", "/a", "a//b", "a/", "a\0b", "a\ud800"])
    assert.throws(() => assertRequestable(key), NameError, JSON.stringify(key));
  for (const key of ["a", "...", "..a", "a../b", ".a", "a/b.c", " "]) assertRequestable(key);
});
