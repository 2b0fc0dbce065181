import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connectBrokerAdmin } from "@brigade/broker";
import { syntheticTree } from "../bucket/index.ts";
import { assertHoldsAll } from "../fleet/disks.ts";
import { place } from "../fleet/set-up.ts";
import { silentLog } from "../logs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";

const timeoutMs = 8_000;
/** Milliseconds that the slow object takes. */
const slowMs = 24_000;
const files = { directories: 1, filesPerDirectory: 100, minSize: 3_000, maxSize: 6_000, seed: 41 };

let node: RabbitNode;
before(async () => {
  node = await startNode({ config: `consumer_timeout = ${timeoutMs}` });
  // Of channels that are opened from now on; a minute by default.
  await node.ctl("eval", "application:set_env(rabbit, channel_tick_interval, 1000).");
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

for (const [how, environment] of [
  ["that services know", { CONSUMER_TIMEOUT_MS: String(timeoutMs) }],
  ["that nobody told them of", {}],
] as const)
  test(`an object that takes longer than a timeout of the broker ${how} is stored all the same; nothing ends as deadly`, async (t) => {
    const { bucket, fleet, keys, amqpUrl } = await place(t, node, syntheticTree(files), environment);
    const slow = keys[20] ?? "";
    bucket.setFaults([{ kind: "slow-body", on: "get", key: slow, overMs: slowMs }]);
    await fleet.ledger();
    await fleet.lister();
    const downloader = await fleet.downloader("a");
    const job = await fleet.start();
    assert.equal((await fleet.closed(job, 4 * slowMs)).state, "complete");
    assert.deepEqual(await fleet.failures(job), []);
    await assertHoldsAll([fleet.volume("a")], bucket, keys);
    const told = downloader.log.filter(({ msg }) => /consumer_timeout/.test(msg));
    const isKnown = "CONSUMER_TIMEOUT_MS" in environment;
    assert.equal(bucket.fetches(slow), isKnown ? 1 : 2);
    assert.equal(told.length, isKnown ? 0 : 1, "told once");
    await using queues = await connectBrokerAdmin({ url: amqpUrl, connectionName: "test", log: silentLog });
    assert.equal((await queues.depths("demo"))?.dead, 0);
  });
