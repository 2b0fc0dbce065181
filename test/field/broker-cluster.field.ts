import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startBucket, syntheticTree } from "../bucket/index.ts";
import { temporaryFolder } from "../e2e/brigade.ts";
import { Fleet } from "../fleet/fleet.ts";
import { startCluster } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const tree = syntheticTree({ directories: 10, filesPerDirectory: 300, minSize: 100, maxSize: 900, seed: 31 });

let cluster: Awaited<ReturnType<typeof startCluster>>;
before(async () => {
  cluster = await startCluster(3);
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
});

test("a job is completed while the node that led its queues is dead", async (t) => {
  const [maker, other] = cluster.nodes;
  await using bucket = await startBucket({ tree });
  const folder = await temporaryFolder(t);
  // The node that makes queues leads them: commands go there, services to another one.
  const through = { AMQP_URL: other?.url };
  const environment = { BATCH_FILES: "8" };
  await using fleet = await Fleet.create({ amqpUrl: maker?.url ?? "", bucket, folder, environment });
  await fleet.ledger(through);
  const job = await fleet.start();
  const leader = await cluster.leaderOf("brigade.demo.files");
  assert.equal(leader, maker);
  await fleet.lister(through);
  const downloader = await fleet.downloader("a", { FETCH_CONCURRENCY: "8", ...through });
  await until("it is under way", async () => ((await fleet.job(job))?.progress.stored.objects ?? 0) > 100);
  await leader.kill();
  const { state, progress } = await fleet.closed(job, 90_000);
  assert.deepEqual([state, progress.stored.objects], ["complete", 3_000]);
  const health = await (await fetch(`${downloader.url}/healthz`)).json();
  assert.deepEqual(health, {
    service: "downloader",
    broker: "connected",
    pauses: { demo: [] },
    fetching: { demo: { atOnce: 0, limitedBy: "the listing" } },
    listing: {},
  });
});

test("a job goes on by the addresses of three nodes while its leader is killed twice", async (t) => {
  for (const node of cluster.nodes) if (node.pid === undefined) await node.start();
  await using bucket = await startBucket({ tree, latencyMs: 30 });
  const folder = await temporaryFolder(t);
  const amqpUrl = cluster.nodes.map(({ url }) => url).join(" ");
  const environment = { SOURCES: "twice=upyun://demo/", BATCH_FILES: "8" };
  await using fleet = await Fleet.create({ amqpUrl, bucket, folder, environment });
  await fleet.ledger();
  const job = await fleet.start("twice");
  await fleet.lister();
  const downloader = await fleet.downloader("a", { FETCH_CONCURRENCY: "2" });
  const stored = async () => (await fleet.job(job))?.progress.stored.objects ?? 0;
  const files = "brigade.twice.files";
  for (const _ of ["once", "twice"]) {
    await until(
      "all nodes are at work",
      async () => (await cluster.onlineOf(files)) === cluster.nodes.length,
    );
    const leader = await cluster.leaderOf(files);
    await leader.kill();
    const before = await stored();
    await until("it goes on", async () => (await stored()) > before + 50);
    await leader.start();
  }
  const { state, progress } = await fleet.closed(job, 90_000);
  assert.deepEqual([state, progress.stored.objects, progress.failed.objects], ["complete", 3_000, 0]);
  assert.ok((await fetch(`${downloader.url}/healthz`)).ok, "it is connected");
});
