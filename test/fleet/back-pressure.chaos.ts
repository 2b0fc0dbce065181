import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type BrokerAdmin, connectBrokerAdmin } from "@brigade/broker";
import { syntheticTree } from "../bucket/index.ts";
import { assertHolds } from "../e2e/disk.ts";
import { silentLog } from "../logs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import type { Service } from "./fleet.ts";
import { place } from "./set-up.ts";

const mark = 100;
/** 20,000 objects: 2,000 batches and 200 pages. */
const tree = syntheticTree({ directories: 40, filesPerDirectory: 500, minSize: 100, maxSize: 900, seed: 9 });
const settings = { HIGH_WATER_BATCHES: String(mark), BATCH_FILES: "10", LIST_PAGE_SIZE: "100" };
/** Messages that eight listing requests can add between two checks of the queues. */
const overshoot = 600;

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

/** The queues that the lister must wait for. */
async function backlog(queues: BrokerAdmin): Promise<number> {
  const depths = await queues.depths("demo");
  if (depths === undefined) return 0;
  return depths.files + depths.retry + depths.wait + depths.records;
}

async function isPaused({ url }: Service): Promise<boolean> {
  const response = await fetch(`${url}/healthz`).catch(() => undefined);
  return (await response?.text())?.includes("back-pressure") ?? false;
}

for (const missing of ["downloaders", "the ledger"] as const) {
  test(`without ${missing} the lister stops near the mark, says why, and goes on when they are there`, async (t) => {
    const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree, settings);
    const ledger = await fleet.ledger();
    const job = await fleet.start();
    if (missing === "the ledger") {
      await ledger.kill();
      await fleet.downloader("a");
    }
    const lister = await fleet.lister();
    await using queues = await connectBrokerAdmin({ url: amqpUrl, connectionName: "test", log: silentLog });
    await until("the lister pauses", () => isPaused(lister));
    // Messages that were under way may still arrive; then nothing is listed any more.
    await until("listing has stopped", async () => {
      const listed = bucket.counters.list;
      await sleep(1_500);
      return bucket.counters.list === listed && (await isPaused(lister));
    });
    const most = await backlog(queues);
    t.diagnostic(`${most} messages wait at a mark of ${mark}`);
    assert.ok(most >= mark / 2 && most <= mark + overshoot, `${most} messages wait`);
    assert.ok(bucket.counters.list < 240, `${bucket.counters.list} pages were listed`);

    if (missing === "the ledger") await fleet.ledger();
    else await fleet.downloader("a");
    assert.equal((await fleet.closed(job)).state, "complete");
    await assertHolds([fleet.volume("a")], bucket, keys);
    assert.ok(lister.log.some(({ msg }) => /paus/.test(msg)));
  });
}
