import assert from "node:assert/strict";
import { test } from "node:test";
import { Checkpoints } from "../src/checkpoints.ts";

test("the last saving is the only one that runs, and nothing is saved after it", async () => {
  const savings: PromiseWithResolvers<void>[] = [];
  const save = async () => {
    const saving = Promise.withResolvers<void>();
    savings.push(saving);
    await saving.promise;
  };
  let now = 0;
  const checkpoints = new Checkpoints(
    save,
    () => assert.fail(),
    () => now,
  );
  checkpoints.came(1);
  now = 10_000;
  const last = checkpoints.last();
  await Promise.resolve();
  checkpoints.tick();
  checkpoints.came(100_000_000);
  assert.equal(savings.length, 1);
  savings[0]?.resolve();
  await last;
  now = 20_000;
  checkpoints.tick();
  assert.equal(savings.length, 1);
});
