import assert from "node:assert/strict";
import { test } from "node:test";
import { HostError } from "@brigade/core";
import { turn } from "../../../test/recording-broker.ts";
import { at, ListedBucket, setUp } from "./set-up.ts";

test("a page that this process has no open files for waits without counting the attempt; fewer are listed at once", async () => {
  const bucket = new ListedBucket({});
  let [atOnce, most] = [0, 0];
  bucket.failing = async () => {
    most = Math.max(most, ++atOnce);
    await turn();
    atOnce--;
    throw new HostError("limits", "EMFILE");
  };
  const { broker, warnings } = await setUp(bucket, {
    options: { concurrency: { most: 4, isSought: false } },
  });
  const [first] = at().positions;
  const positions = ["a", "b", "c", "d"].map((directory) => ({ ...first, directory, walk: 0, page: 1 }));
  const message = { ...at({}, { attempt: 4 }), positions };
  const verdict = await broker.deliver("directories", message);
  assert.ok(verdict.kind === "retry" && verdict.delay === 1_000);
  assert.deepEqual(
    verdict.remainder,
    positions.map((one) => ({ ...message, positions: [one] })),
  );
  assert.equal(most, 4);
  most = 0;
  await broker.deliver("directories", message);
  assert.equal(most, 2);
  assert.deepEqual(warnings, ["this process has reached a limit: less is done at once from now on"]);
});
