import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { Problems } from "../../src/settings/problems.ts";

test("problems of several readers are reported together, each once", () => {
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

test("a defect in a reader of variables is thrown, not reported as a problem of the configuration", () => {
  assert.throws(
    () =>
      new Problems().try(() => {
        throw new TypeError("ours");
      }),
    TypeError,
  );
});
