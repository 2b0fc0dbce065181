import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const tree = syntheticTree({ directories: 1, filesPerDirectory: 3, minSize: 100, maxSize: 900, seed: 3 });

let node: RabbitNode;
before(async () => {
  node = await startNode({ plugins: ["rabbitmq_management"] });
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("start refuses a policy that would delete messages, and says where policies are not checked", async (t) => {
  const environment: NodeJS.ProcessEnv = {};
  const { fleet, amqpUrl } = await place(t, node, tree, environment);
  const vhost = new URL(amqpUrl).pathname.slice(1);
  const policy = ["old", "^brigade", '{"message-ttl":60000}', "--apply-to", "queues"];
  await node.ctl("set_policy", "-p", vhost, ...policy);
  await fleet.ledger();
  await until("the ledger answers", async () => (await fleet.run("status")).code === 0);
  environment.BROKER_MANAGEMENT_URL = node.managementUrl?.replace("://", "://guest:guest@");
  const refused = await fleet.run("start", "demo");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /policy "old" \(message-ttl 60000\) would delete messages of brigade\.demo\./);
  assert.doesNotMatch(refused.stderr, /guest:/);
  await node.ctl("clear_policy", "-p", vhost, "old");
  environment.BROKER_MANAGEMENT_URL = "http://guest:wrong@127.0.0.1:1";
  const told = await fleet.run("start", "demo");
  assert.equal(told.code, 0);
  assert.match(told.stderr, /^brigade: policies of the broker are not checked: .*127\.0\.0\.1:1/m);
  assert.equal((await fleet.run("cancel", "demo")).code, 0);
  delete environment.BROKER_MANAGEMENT_URL;
  const unset = await fleet.run("start", "demo");
  assert.match(unset.stderr, /^brigade: policies of the broker are not checked: set BROKER_MANAGEMENT_URL$/m);
});
