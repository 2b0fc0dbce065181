import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { Directories } from "../../src/names/directories.ts";
import { scratchFolder } from "../scratch.ts";

const traits = { caseSensitive: true, anyCharacter: true, nameMax: 255 };

test("finds every folder again, also those that were dropped from memory", (t) => {
  const root = scratchFolder(t);
  const directories = new Directories({ root, traits, guard: () => {}, capacity: 10 });
  const keys = Array.from({ length: 100 }, (_, index) => `a/${index % 7}/${index}`);
  for (const round of [1, 2]) {
    for (const key of keys) {
      assert.equal(directories.ensure("photos", key), join(root, "photos", key), `round ${round}`);
    }
  }
  assert.equal(directories.find("photos", "a/3/3"), join(root, "photos/a/3/3"));
  assert.equal(directories.find("photos", "a/3/absent"), undefined);
  assert.equal(existsSync(join(root, "photos/a/3/absent")), false);
});

test("makes no folder where the disk is no longer there", (t) => {
  const root = scratchFolder(t);
  const guard = () => {
    throw new HostError("io", "gone");
  };
  const directories = new Directories({ root, traits, guard });
  assert.throws(() => directories.ensure("photos", "a"), HostError);
  assert.equal(existsSync(join(root, "photos")), false);
});
