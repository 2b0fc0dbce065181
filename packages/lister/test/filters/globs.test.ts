import assert from "node:assert/strict";
import { describe, test } from "node:test";
import picomatch from "picomatch";
import { createGlob, globProblem } from "../../src/filters/globs/glob.ts";
import { matches } from "../../src/filters/globs/match.ts";
import { compile } from "../../src/filters/globs/program.ts";

const globs = [
  "*_*_*_*.jpg",
  "**/*.jpg",
  "a/**",
  "{a,b}/*.png",
  "!(x|y).jpg",
  "+(a|aa)b",
  "*(a*)",
  "[[:alpha:]]*",
  "!*.tmp",
  "{1..3}.x",
  "?(a)?(a)b",
  "**",
  ".*",
  "a/**/b/**/c*d*",
  "@(a|b*)*",
  "[!a-c]x",
  "a?c",
];
const letters = ["a", "b", "c", "x", "y", "_", ".", "/", ".jpg", ".tmp", "1", "\u{1f600}", "\n"];

describe("a glob", () => {
  test("that tries no way twice matches what picomatch matches", () => {
    for (const glob of globs) {
      const pattern = picomatch.makeRe(glob, { dot: true });
      const program = compile(pattern);
      for (const text of texts(glob.length))
        assert.equal(matches(program, text), pattern.test(text), `${glob} on ${JSON.stringify(text)}`);
    }
  });

  test("of any shape answers in milliseconds to a name that was made for it", () => {
    const bombs: [glob: string, key: string][] = [
      ["*_*_*_*.jpg", "_".repeat(250)],
      ["*a*a*a*a*a*a*a*a*", `${"a".repeat(1_000)}b`.repeat(4)],
      ["**/*a*/**/*a*/**/b", "a/".repeat(2_000)],
      ["*(*(*(a)))b", "a".repeat(250)],
      ["+(a|aa)+(a|aa)c", "a".repeat(250)],
      ["{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}{a,aa}c*", "a".repeat(250)],
      ["!(*a*a*a*a*b)", "a".repeat(1_000)],
      [`${"?(a)".repeat(40)}b`, "a".repeat(12)],
      [`${"?(a)".repeat(40)}${"a".repeat(40)}b`, "a".repeat(60)],
    ];
    for (const [glob, key] of bombs) {
      const wants = createGlob(glob);
      const before = process.cpuUsage();
      wants(key);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 1_000_000, `${glob}: ${user} µs`);
    }
  });

  test("that is too long, or that refers back, is refused before anything is listed", () => {
    assert.match(globProblem("*".repeat(1_001)) ?? "", /longer than 1000 characters/);
    assert.match(globProblem("(a)\\1") ?? "", /not supported/);
    assert.equal(globProblem("*_*_*_*.jpg"), undefined);
  });
});

function* texts(seed: number): Generator<string> {
  let state = seed;
  const next = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  yield "";
  for (let n = 0; n < 400; n++)
    yield Array.from({ length: next(9) }, () => letters[next(letters.length)]).join("");
}
