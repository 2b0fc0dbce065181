import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { filtersOf } from "../../src/options/filters.ts";

test("filter flags become filters; what is not said is left out", () => {
  assert.deepEqual(filtersOf({}), {});
  assert.deepEqual(filtersOf({ include: ["*.jpg"], minSize: "10kB", modifiedSince: "2024-01-31" }), {
    include: ["*.jpg"],
    minSize: 10_000,
    modifiedSince: 1_706_659_200,
  });
});

test("a date or size that cannot be read is named with its flag", () => {
  assert.throws(
    () => filtersOf({ maxSize: "big", modifiedSince: "yesterday" }),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.problems.length, 2);
      assert.match(error.message, /--max-size/);
      assert.match(error.message, /--modified-since/);
      return true;
    },
  );
});

test("a glob that can match nothing is a mistake, and is named with its flag", () => {
  for (const glob of ["[", "]", "{a,b", "a[", "+(a", "a)", "[z-a]", "a\\", ""]) {
    for (const flag of ["include", "exclude"] as const)
      assert.throws(
        () => filtersOf({ [flag]: ["*.jpg", glob] }),
        (error) =>
          error instanceof ConfigError &&
          error.problems.length === 1 &&
          error.problems[0]?.startsWith(`--${flag}: "${glob}" is no glob: `) === true,
        glob,
      );
  }
  for (const glob of ["\\[", "[ab]*", "**/{a,b}/*", "a}", "!*.jpg", "@(a|b)", "[!]"])
    assert.deepEqual(filtersOf({ include: [glob] }), { include: [glob] });
});
