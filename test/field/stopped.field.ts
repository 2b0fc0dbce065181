import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectBrokerAdmin } from "@brigade/broker";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { assertHoldsAll } from "../fleet/disks.ts";
import { place } from "../fleet/set-up.ts";
import { silentLog } from "../logs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const files = { directories: 2, filesPerDirectory: 40, minSize: 20_000, maxSize: 40_000, seed: 31 };
/** Bytes per second of a body: an object takes a second or two. */
const pace = 20_000;
const environment = { BATCH_FILES: "16", FETCH_CONCURRENCY: "8", LOG_LEVEL: "warn" };

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

/** Kills a process, or sends it two stop signals; in turns. */
async function end(time: number, pid: number | undefined): Promise<void> {
  assert.ok(pid !== undefined);
  process.kill(pid, time % 2 === 0 ? "SIGKILL" : "SIGTERM");
  if (time % 2 === 0) return;
  await sleep(50);
  try {
    process.kill(pid, "SIGTERM");
  } catch {
    // it had little to do, and has already ended
  }
}

test("copy: after thirty kills and double stop signals during slow transfers a run ends complete, with no failure", async (t) => {
  const tree = syntheticTree(files);
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  await using bucket = await startBucket({ tree, pace });
  const volume = await temporaryFolder(t);
  const variables = { ...environmentFor(bucket), ...environment };
  for (let time = 0; time < 30; time++) {
    const { child, finished } = startBrigade(["copy", "upyun://demo/", volume], variables);
    const before = bucket.counters.get;
    // A suspect is handled alone, so nothing is fetched in the first seconds.
    await until("it works", () => bucket.counters.get > before, 3_000).catch(() => {});
    await end(time, child.pid);
    await finished;
  }
  const { code, stdout, stderr } = await brigade(["copy", "upyun://demo/", volume, "--json"], variables);
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).counts.failed.objects, 0);
  await assertHolds([volume], bucket, keys);
});

test("fleet: after thirty kills and double stop signals of a downloader a job is complete, with no failure and no dead letter", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, syntheticTree(files), environment, { pace });
  await fleet.ledger();
  await fleet.lister();
  const job = await fleet.start();
  for (let time = 0; time < 30; time++) {
    const downloader = await fleet.downloader("a");
    const before = bucket.counters.get;
    await until("it works", () => bucket.counters.get > before, 3_000).catch(() => {});
    await end(time, downloader.pid);
    await downloader.ended;
  }
  await fleet.downloader("a");
  const { state } = await fleet.closed(job, 120_000);
  assert.equal(state, "complete");
  assert.deepEqual(await fleet.failures(job), []);
  await assertHoldsAll([fleet.volume("a")], bucket, keys);
  await using queues = await connectBrokerAdmin({ url: amqpUrl, connectionName: "test", log: silentLog });
  assert.equal((await queues.depths("demo"))?.dead, 0);
});
