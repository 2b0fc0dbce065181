import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { assertHoldsAll } from "../fleet/disks.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { limiter, requireMemoryGroups } from "./limited.ts";

let node: RabbitNode;
before(async () => {
  requireMemoryGroups();
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("services with 256 MiB and 64 open files each finish a job with fewer connections than configured", async (t) => {
  const tree = syntheticTree({
    directories: 20,
    filesPerDirectory: 200,
    minSize: 20_000,
    maxSize: 20_000,
    seed: 4,
  });
  const { bucket, fleet, keys } = await place(t, node, tree);
  // Before the services are ended: a control group can go only when it is empty.
  const limits = () => limiter(t, { memory: 256, openFiles: 64 });
  await fleet.ledger({}, limits());
  const lister = await fleet.lister({ LIST_CONCURRENCY: "64" }, limits());
  const downloader = await fleet.downloader("a", { FETCH_CONCURRENCY: "500" }, limits());
  const { state } = await fleet.closed(await fleet.start());
  assert.equal(state, "complete");
  await assertHoldsAll([fleet.volume("a")], bucket, keys);
  for (const { log } of [lister, downloader]) {
    assert.ok(log.some(({ msg }) => /open files are limited to 64 .*CONCURRENCY is/.test(msg)));
    assert.ok(!log.some((line) => JSON.stringify(line).includes("EMFILE")));
  }
});
