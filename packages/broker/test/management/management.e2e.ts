import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { HostError } from "@brigade/core";
import { startNode } from "../../../../test/rabbitmq/index.ts";
import { ManagementApi } from "../../src/management/api.ts";
import { harmfulPolicies } from "../../src/management/policies.ts";
import { ack, becomes, benchTest, Hand, queueOf } from "../conformance/bench.ts";
import { RabbitBench } from "../rabbitmq/bench.ts";
import { filesMessage } from "../sample-messages.ts";

const node = await startNode({ plugins: ["rabbitmq_management"] });
after(() => node[Symbol.asyncDispose]());

function apiAs(credentials: string): ManagementApi {
  const url = (node.managementUrl ?? "").replace("://", `://${credentials}@`);
  return new ManagementApi({ url, amqpUrl: node.url });
}

const policy = (name: string, pattern: string, definition: object, priority = 0) => ({
  name,
  pattern,
  "apply-to": "queues",
  priority,
  definition: { ...definition },
});

test("policies and operator policies that delete messages are found, and no others", async () => {
  const api = apiAs("guest:guest");
  assert.deepEqual(await api.harmfulPolicies("photos"), []);
  const set = (kind: string, name: string, pattern: string, definition: object) =>
    node.ctl(kind, name, pattern, JSON.stringify(definition), "--apply-to", "queues");
  await set("set_policy", "harmless", "^brigade", { "max-in-memory-length": 100 });
  await set("set_policy", "other", "^celery", { "message-ttl": 1 });
  assert.deepEqual(await api.harmfulPolicies("photos"), []);
  await set("set_policy", "ttl", "[.]files$", { "message-ttl": 60_000 });
  await set("set_operator_policy", "limits", ".*", { "max-length": 5, "delivery-limit": 20 });
  await node.ctl("clear_policy", "harmless");
  const found = await api.harmfulPolicies("photos");
  assert.deepEqual(
    found.map(({ kind, name, keys, queues }) => [kind, name, keys, queues.length]),
    [
      ["policy", "ttl", ["message-ttl 60000"], 1],
      ["operator policy", "limits", ["max-length 5", "delivery-limit 20"], 13],
    ],
  );
  for (const [kind, name] of [
    ["clear_policy", "ttl"],
    ["clear_operator_policy", "limits"],
    ["clear_policy", "other"],
  ] as const)
    await node.ctl(kind, name);
});

test("of policies that match a queue only that of the highest priority counts", () => {
  const queues = ["brigade.photos.files", "brigade.photos.wait.1s"];
  const harmful = policy("harmful", "^brigade", { expires: 1, "delivery-limit": 20 }, 1);
  const better = policy("better", "^brigade", { "delivery-limit": 5_000 }, 2);
  const names = (...all: ReturnType<typeof policy>[]) =>
    harmfulPolicies("policy", all, queues).map(({ name, keys }) => [name, ...keys]);
  assert.deepEqual(names(harmful), [["harmful", "expires 1", "delivery-limit 20"]]);
  assert.deepEqual(names(harmful, better), []);
  assert.deepEqual(names({ ...harmful, "apply-to": "exchanges" }), []);
  const routing = policy("routing", "", { "dead-letter-routing-key": "x" });
  assert.deepEqual(
    harmfulPolicies("policy", [routing], queues).map((one) => one.queues),
    [["brigade.photos.wait.1s"]],
  );
});

benchTest(
  "messages that wait are counted, those too that find no way back",
  () => RabbitBench.create(node.url),
  async (bench, context) => {
    const api = apiAs("guest:guest");
    assert.equal(await api.waiting(bench.source), 0);
    const broker = await bench.connect();
    await broker.publish([filesMessage(bench.source, 1)]);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    await node.ctl("delete_queue", `brigade.${bench.source}.retry`);
    (await hand.next()).settle({ kind: "retry", remainder: [filesMessage(bench.source, 1)], delay: 1_000 });
    await becomes(() => broker.waiting(bench.source)?.messages === 1, context);
    await becomes(async () => (await broker.depth(queueOf(bench, "wait"))) === 0, context);
    // The broker takes some seconds to count.
    await becomes(async () => (await api.waiting(bench.source)) === 1, context);
  },
);

benchTest(
  "what has come back from a wait queue is not counted as waiting any more",
  () => RabbitBench.create(node.url),
  async (bench, context) => {
    const broker = await bench.connect();
    await broker.publish([filesMessage(bench.source, 1)]);
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, async ({ message }) => ({
      kind: "retry",
      remainder: [message],
      delay: 1_000,
    }));
    await becomes(() => broker.waiting(bench.source)?.messages === 1, context);
    await broker.consume(queueOf(bench, "retry"), { prefetch: 1 }, async () => ack);
    await becomes(() => broker.waiting(bench.source)?.messages === 0, context);
  },
);

test("a management API that cannot be asked is reported in one line, without the password", async (t) => {
  await node.ctl("add_user", "watcher", "s3cret");
  await node.ctl("set_user_tags", "watcher", "monitoring");
  const server = createServer((_request, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x".repeat(1024 * 1024)), 1);
    response.on("close", () => clearInterval(timer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const endless = `http://u:s3cret@127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [api, reason] of [
    [apiAs("guest:s3cret"), /refuses user "guest"/],
    [apiAs("watcher:s3cret"), /refuses user "watcher".*policymaker/],
    [
      new ManagementApi({ url: "http://u:s3cret@127.0.0.1:1", amqpUrl: node.url }),
      /at 127.0.0.1:1: .*REFUSED/,
    ],
    [new ManagementApi({ url: endless, amqpUrl: node.url }), /does not end/],
  ] as const)
    await assert.rejects(api.harmfulPolicies("photos"), (error) => {
      assert.ok(error instanceof HostError);
      assert.match(error.message, reason);
      assert.doesNotMatch(error.message, /s3cret|\n/);
      return true;
    });
});
