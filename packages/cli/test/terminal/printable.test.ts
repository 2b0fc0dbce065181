import assert from "node:assert/strict";
import { test } from "node:test";
import { printable, printableJson, printableValue } from "../../src/terminal/printable.ts";

const kinds: readonly (readonly [what: string, from: number, to: number])[] = [
  ["C0 controls", 0x00, 0x1f],
  ["DEL and C1 controls", 0x7f, 0x9f],
  ["the Arabic letter mark", 0x61c, 0x61c],
  ["marks of direction", 0x200e, 0x200f],
  ["separators of lines and paragraphs, embeddings and overrides", 0x2028, 0x202e],
  ["isolates", 0x2066, 0x2069],
  ["halves of surrogate pairs", 0xd800, 0xdfff],
];

for (const [what, from, to] of kinds) {
  test(`${what} reach neither a terminal nor JSON as they are, and JSON still means the same`, () => {
    for (let code = from; code <= to; code++) {
      const text = `a${String.fromCharCode(code)}b`;
      const name = `U+${code.toString(16)}`;
      assert.match(printable(text), /^a\\(x[0-9a-f]{2}|u[0-9a-f]{4})b$/, name);
      const json = printableJson(JSON.stringify(text));
      assert.match(json, /^[\x20-\x7e]+$/, name);
      assert.equal(JSON.parse(json), text, name);
    }
  });
}

test("letters of every script, emoji and what stands beside the control characters stay as they are", () => {
  const text = "az~ é 中文 😀 עברית \u00a0\u200b\u2027\u202f\u2065\u206a\ufeff";
  assert.equal(printable(text), text);
  assert.equal(printableJson(JSON.stringify(text)), JSON.stringify(text));
});

test("of a logged value, every text and every name of a field is made visible; a stack keeps its lines", () => {
  const value = { "k\u001b": ["\u009b", { reason: "a\nb" }], err: { stack: "Error: \u202e\n  at x" }, n: 1 };
  assert.deepEqual(printableValue(value), {
    "k\\x1b": ["\\x9b", { reason: "a\\x0ab" }],
    err: { stack: "Error: \\u202e\n  at x" },
    n: 1,
  });
});
