import assert from "node:assert/strict";
import { test } from "node:test";
import { NameError } from "@brigade/core";
import { below, randomOf } from "../../../../test/random.ts";
import { mapKey, type Traits, unmapPath } from "../../src/index.ts";

const posix: Traits = { caseSensitive: true, anyCharacter: true, nameMax: 255 };
const mac: Traits = { caseSensitive: false, anyCharacter: true, nameMax: 255 };
const fat: Traits = { caseSensitive: false, anyCharacter: false, nameMax: 255 };
const short: Traits = { caseSensitive: true, anyCharacter: false, nameMax: 64 };

function randomFrom(seed: number): (n: number) => number {
  const next = randomOf(seed);
  return (n) => below(next, n);
}

const pieces = [
  ...'aAbBdDfFzZ019 .~%+#:*?\\"<>|\n\r\tßÉéçñ中文\u0301\u2028😀',
  "%~",
  "%~d",
  "%~f",
  "%~+",
  "%~25~~",
  "~25~",
  ".brigade",
  ".Brigade",
  "con",
  "NUL",
  "com1.",
  "x".repeat(61),
  "é".repeat(31),
  "😀".repeat(16),
  "n".repeat(252),
  "%~".repeat(40),
];

function randomKey(random: (below: number) => number): string {
  const part = () => {
    const text = Array.from({ length: 1 + random(5) }, () => pieces[random(pieces.length)]).join("");
    return text === "." || text === ".." ? "x" : text;
  };
  return Array.from({ length: 1 + random(3) }, part).join("/");
}

test("ordinary names stay as they are", () => {
  const names = [
    "a.jpg",
    "100%.jpg",
    "a%2fb",
    "a b#c?d",
    "日本/中文.png",
    "back\\slash",
    "line\nfeed",
    ".hidden",
    "~",
    "%",
  ];
  for (const name of [...names, "n".repeat(255), ".brigades", "CON", "dot.", "a:b", "\u2028"]) {
    assert.equal(mapKey(name, posix), name);
  }
});

test("marks are written so that keys cannot forge them", () => {
  assert.equal(mapKey("100%~.jpg", posix), "100%~25~~.jpg");
  assert.equal(mapKey("a%~d/b%~f", posix), "a%~25~~d/b%~25~~f");
  assert.equal(mapKey("x/.brigade/y", posix), "x/%~2e~brigade/y");
  assert.equal(mapKey(".BRIGADE", posix), "%~2e~BRIGADE");
});

test("a file system that folds or refuses characters gets none that it could fold or refuse", () => {
  assert.equal(mapKey("Ab/É", mac), "%~41~b/%~c9~");
  assert.equal(mapKey("a:b", fat), "a%~3a~b");
  assert.equal(mapKey("end. ", fat), "end.%~20~");
  assert.equal(mapKey("nul.txt", fat), "%~6e~ul.txt");
});

test("a name that is too long becomes nested folders, cut between characters", () => {
  assert.equal(mapKey("n".repeat(256), posix), `${"n".repeat(240)}%~+/${"n".repeat(16)}`);
  const path = mapKey("é".repeat(300), posix);
  assert.equal(unmapPath(path), "é".repeat(300));
  assert.ok(!path.includes("\ufffd"));
  assert.ok(
    !mapKey(`${"n".repeat(252)}é..`, posix)
      .split("/")
      .includes(".."),
  );
});

test("unmarks what was renamed because its name was taken", () => {
  assert.equal(unmapPath("a%~d/b.jpg%~f"), "a/b.jpg");
});

for (const [name, traits] of Object.entries({ posix, mac, fat, short })) {
  test(`every key comes back from its path, and no two share one (${name})`, () => {
    const random = randomFrom(42);
    const keyOf = new Map<string, string>();
    for (let round = 0; round < 20_000; round += 1) {
      const key = randomKey(random);
      const path = mapKey(key, traits);
      assert.equal(unmapPath(path), key);
      const seen = traits.caseSensitive ? path : path.normalize("NFD").toLowerCase();
      assert.equal(keyOf.get(seen) ?? key, key, `${JSON.stringify(path)} is shared`);
      keyOf.set(seen, key);
      for (const part of path.split("/")) {
        assert.ok(Buffer.byteLength(part) <= traits.nameMax, `too long: ${part}`);
        assert.ok(part !== "" && part !== "." && part !== ".." && part.toLowerCase() !== ".brigade", path);
        if (!traits.anyCharacter) assert.doesNotMatch(part, /["*:<>?\\|\n]|[. ]$/);
      }
    }
  });
}

test("U+FFFD is a letter like any other", () => {
  for (const traits of [posix, mac, fat])
    assert.equal(unmapPath(mapKey("a\ufffd.jpg", traits)), "a\ufffd.jpg");
});

test("refuses names that cannot be requested", () => {
  for (const key of ["", "a//b", "/a", "a/", ".", "a/../b", "a/./b", "nul\0", "\ud800"]) {
    assert.throws(() => mapKey(key, posix), NameError, JSON.stringify(key));
  }
});
