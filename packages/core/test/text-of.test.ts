import assert from "node:assert/strict";
import { test } from "node:test";
import { escapeLone, refusal, textOf } from "../src/index.ts";

test("bytes become the text that they are, a byte order mark and U+FFFD among it", () => {
  for (const text of ["", "a", "\ufeffa", "é\ufffd图", "\u{1f600}"])
    assert.equal(textOf(new TextEncoder().encode(text)), text);
});

test("bytes that are not UTF-8 are in no text of other bytes, and spoil nothing beside them", () => {
  const bytes = Buffer.concat([Buffer.from("é\ta\nb"), Buffer.from([0xe9, 0x0a]), Buffer.from("\ufffd\tc")]);
  const lines = textOf(bytes).split("\n");
  assert.deepEqual(lines, ["é\ta", "b\udce9", "\ufffd\tc"]);
  assert.deepEqual(
    lines.map((line) => refusal(line)),
    [undefined, "the name is not UTF-8", undefined],
  );
  assert.notEqual(textOf(Buffer.from([0xe9])), textOf(Buffer.from([0xe8])));
});

test("half a character, a surrogate and an overlong form are not UTF-8", () => {
  for (const bytes of [
    [0xe4, 0xb8],
    [0xed, 0xa0, 0x80],
    [0xc0, 0xaf],
    [0xf4, 0x90, 0x80, 0x80],
  ])
    assert.equal(refusal(textOf(Buffer.from(bytes))), "the name is not UTF-8");
});

test("people read the bytes that are no text", () => {
  assert.equal(escapeLone(textOf(Buffer.from([0x61, 0xe9, 0x62])), "\\x"), "a\\xE9b");
  assert.equal(escapeLone("é\ufffd", "\\x"), "é\ufffd");
  assert.equal(escapeLone("\ud800", "%"), "%80");
});
