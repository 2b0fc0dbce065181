import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, FatalError, HostError } from "@brigade/core";
import { exitCodeOf } from "../../src/process/exit-code.ts";

test("every kind of error has its exit code", () => {
  assert.equal(exitCodeOf(new ConfigError(["x"])), 2);
  assert.equal(exitCodeOf(new FatalError("x")), 4);
  assert.equal(exitCodeOf(new HostError("full", "x")), 4);
  assert.equal(exitCodeOf(new TypeError("x")), 1);
});
