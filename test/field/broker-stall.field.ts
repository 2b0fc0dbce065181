import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const tree = syntheticTree({
  directories: 1,
  filesPerDirectory: 20,
  minSize: 1_000,
  maxSize: 2_000,
  seed: 8,
});
const stallMs = 4_000;

/** Erlang code that removes the binding from a wait queue to `retry`. */
function unbinding(vhost: string): string {
  const resource = (kind: string, name: string) => `{resource, <<"${vhost}">>, ${kind}, <<"${name}">>}`;
  const exchange = resource("exchange", "brigade.demo.x.work");
  const queue = resource("queue", "brigade.demo.retry");
  return `rabbit_binding:remove({binding, ${exchange}, <<"retry">>, ${queue}, []}, <<"test">>).`;
}

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("a job whose last object comes slower than the stall limit is not closed before it has come", async (t) => {
  const large = syntheticTree({ directories: 1, filesPerDirectory: 2, minSize: 3e6, maxSize: 3e6, seed: 9 });
  const { bucket, fleet, keys } = await place(t, node, large, { STALL_LIMIT_MS: String(stallMs) });
  bucket.setFaults([{ kind: "slow-body", on: "get", key: keys[1] ?? "", overMs: 18_000 }]);
  const ledger = await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const { state, progress } = await fleet.closed(await fleet.start());
  assert.deepEqual([state, progress.stored.objects], ["complete", keys.length]);
  assert.ok(!ledger.log.some(({ msg }) => msg === "a job that stood still is closed"));
});

test("a job is not closed while messages lie in a wait queue and find no way back", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree, {
    STALL_LIMIT_MS: String(stallMs),
    BATCH_FILES: "5",
  });
  bucket.setFaults([
    { kind: "slow-body", on: "list", overMs: 8_000 }, // the way back is gone before the first object is asked for
    ...keys.slice(0, 4).map((key) => ({ kind: "truncated", on: "get", key }) as const),
  ]);
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  const vhost = new URL(amqpUrl).pathname.slice(1);
  await node.ctl("eval", unbinding(vhost));
  const waiting = async () => {
    const queues = await node.ctl(
      "list_queues",
      "-p",
      vhost,
      "name",
      "messages",
      "messages_ready",
      "--formatter",
      "json",
    );
    const all: { name: string; messages: number; messages_ready: number }[] = JSON.parse(queues);
    return all.filter(({ name }) => name.startsWith("brigade.demo.wait."));
  };
  await until("something waits, and is not ready any more", async () =>
    (await waiting()).some(({ messages, messages_ready: ready }) => messages > 0 && ready === 0),
  );
  await sleep(4 * stallMs);
  assert.equal((await fleet.job(job))?.state, "open");
  const { code, stdout } = await fleet.run("cancel", "demo");
  assert.equal(code, 0, stdout);
});
