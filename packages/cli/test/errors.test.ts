import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, FatalError, HostError } from "@brigade/core";
import { filtersOf } from "../src/options/filter-options.ts";
import { exitCodeOf } from "../src/process/exit-code.ts";
import { Problems } from "../src/settings/problems.ts";

test("every kind of error has its exit code", () => {
  assert.equal(exitCodeOf(new ConfigError(["x"])), 2);
  assert.equal(exitCodeOf(new FatalError("x")), 4);
  assert.equal(exitCodeOf(new HostError("full", "x")), 4);
  assert.equal(exitCodeOf(new TypeError("x")), 1);
});

test("problems of several readers are told together, each once", () => {
  const problems = new Problems();
  for (const found of [
    ["a", "b"],
    ["b", "c"],
  ]) {
    problems.try(() => {
      throw new ConfigError(found);
    });
  }
  assert.equal(
    problems.try(() => 7),
    7,
  );
  assert.throws(() => problems.throwAny(), { problems: ["a", "b", "c"] });
});

test("a reader's own mistakes are not taken for problems of the configuration", () => {
  assert.throws(
    () =>
      new Problems().try(() => {
        throw new TypeError("ours");
      }),
    TypeError,
  );
});

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
