import assert from "node:assert/strict";
import { after } from "node:test";
import { startCluster } from "../../../../../test/rabbitmq/index.ts";
import { warmUpMs } from "../../../src/rabbitmq/topology/queues.ts";
import { ack, becomes, benchTest, queueOf } from "../../conformance/bench.ts";
import { filesMessage, numberOf } from "../../sample-messages.ts";
import { RabbitBench } from "../bench.ts";

const cluster = await startCluster(3);
after(() => cluster[Symbol.asyncDispose]());

/** Runs a test on queues that can be trusted with messages, and their leader. */
function clusterTest(
  title: string,
  body: (
    bench: RabbitBench,
    leader: (typeof cluster.nodes)[number],
    context: Parameters<Parameters<typeof benchTest>[2]>[1],
  ) => Promise<void>,
) {
  const url = cluster.nodes[0]?.url ?? "";
  benchTest(
    title,
    () => RabbitBench.create(url),
    async (bench, context) => {
      await bench.pass(warmUpMs);
      await body(bench, await cluster.leaderOf(`brigade.${bench.source}.files`), context);
    },
  );
}

clusterTest(
  "when the node that leads the queues dies, publishing and consuming go on over another node within seconds",
  async (bench, leader, context) => {
    const relay = await bench.relay();
    relay.redirect(leader.url);
    const broker = await bench.connect({ url: relay.url });
    const seen = new Set<number>();
    await broker.consume(queueOf(bench, "files"), { prefetch: 10 }, async ({ message }) => {
      seen.add(numberOf(message));
      return ack;
    });
    await broker.publish([filesMessage(bench.source, 0)]);
    const [other] = cluster.nodes.filter((node) => node !== leader);
    relay.redirect(other?.url ?? "");
    await leader.kill();
    // At once, while no other node leads yet: what the first channel is refused now, it is refused
    // for good.
    const numbers = Array.from({ length: 50 }, (_, number) => number + 1);
    const published = Promise.all(
      numbers.map(async (number) => {
        await bench.pass(40 * number);
        await broker.publish([filesMessage(bench.source, number)]);
      }),
    );
    const since = performance.now();
    await published;
    assert.ok(performance.now() - since < 15_000);
    await becomes(() => seen.size === numbers.length + 1, context);
    assert.equal(broker.waits(bench.source), undefined);
    assert.deepEqual(bench.errors, []);
    await leader.start();
  },
);

clusterTest(
  "while too few nodes are there to confirm anything, it is shown that publishing waits, and nothing is lost",
  async (bench, leader, context) => {
    const broker = await bench.connect({ url: leader.url, confirmWithin: 8_000 });
    const others = cluster.nodes.filter((node) => node !== leader);
    for (const node of others) await node.kill();
    const published = Promise.all(
      [1, 2, 3].map((number) => broker.publish([filesMessage(bench.source, number)])),
    );
    await becomes(() => broker.waits(bench.source) !== undefined, context);
    assert.match(broker.waits(bench.source) ?? "", /confirms nothing|refused a message/);
    // Longer than a confirmation is waited for.
    await bench.pass(10_000);
    for (const node of others) await node.start();
    await published;
    const seen = new Set<number>();
    await broker.consume(queueOf(bench, "files"), { prefetch: 10 }, async ({ message }) => {
      seen.add(numberOf(message));
      return ack;
    });
    await becomes(() => seen.size === 3, context);
    assert.equal(broker.waits(bench.source), undefined);
  },
);
