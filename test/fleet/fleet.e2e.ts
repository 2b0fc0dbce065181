import assert from "node:assert/strict";
import { mkdir, readdir, rm } from "node:fs/promises";
import { after, before, test } from "node:test";
import { connectBrokerAdmin } from "@brigade/broker";
import { syntheticTree } from "../bucket/index.ts";
import { assertHolds, filesBelow } from "../e2e/disk.ts";
import { silentLog } from "../logs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { place } from "./set-up.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

function admin(url: string) {
  return connectBrokerAdmin({ url, connectionName: "test", log: silentLog });
}

const few = syntheticTree({ directories: 5, filesPerDirectory: 100, minSize: 500, maxSize: 5_000, seed: 3 });

test("one lister and three downloaders bring 100,000 objects home, no request twice, spread over all three volumes", async (t) => {
  const tree = syntheticTree({
    directories: 200,
    filesPerDirectory: 500,
    minSize: 500,
    maxSize: 4_000,
    seed: 7,
  });
  const { bucket, fleet, keys } = await place(t, node, tree);
  await fleet.ledger();
  await fleet.lister();
  const volumes = ["a", "b", "c"];
  const downloaders = await Promise.all(volumes.map((volume) => fleet.downloader(volume)));
  const job = await fleet.start();
  const { state } = await fleet.closed(job);
  assert.equal(state, "complete");
  const twice = () =>
    JSON.stringify(
      downloaders.flatMap(({ log }) => log.filter(({ reason }) => reason !== undefined)).slice(0, 5),
    );
  const inVain = bucket.counters.get - keys.length;
  assert.equal(inVain, 0, `${inVain} were fetched twice; the log says: ${twice()}`);
  const roots = volumes.map((volume) => fleet.volume(volume));
  await assertHolds(roots, bucket, keys);
  for (const root of roots) {
    const share = (await filesBelow(root)).length / keys.length;
    assert.ok(share > 0.1, `${root} got ${share} of the work`);
  }
  for (const downloader of downloaders) assert.equal(await downloader.drain(), 0);
});

test("a message that no consumer can read becomes a dead letter with a reason, can be listed, replayed and dropped, and the work goes on", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, few);
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  await using queues = await admin(amqpUrl);
  const job = await fleet.start();
  const kinds = ["directories", "files", "retry", "records"] as const;
  for (const queue of kinds) await queues.inject({ source: "demo", queue }, `garbage for ${queue}`);
  assert.equal((await fleet.closed(job)).state, "complete");
  await assertHolds([fleet.volume("a")], bucket, keys);
  await until("all four are dead", async () => (await queues.depths("demo"))?.dead === kinds.length);

  const listed = await fleet.run("dead-letters", "list", "demo", "--json");
  assert.equal(listed.code, 0, listed.stderr);
  const letters: { id: string; body: string; reason: string }[] = JSON.parse(listed.stdout);
  assert.deepEqual(
    letters.map(({ body }) => body).toSorted(),
    kinds.map((queue) => `garbage for ${queue}`).toSorted(),
  );
  for (const { reason } of letters) assert.match(reason, /JSON/i);

  const [first, ...others] = letters;
  const dropped = await fleet.run("dead-letters", "drop", "demo", first?.id ?? "");
  assert.equal(dropped.code, 0, dropped.stderr);
  assert.equal((await queues.depths("demo"))?.dead, others.length);
  // Garbage that is put back becomes a dead letter again.
  await fleet.run("dead-letters", "replay", "demo");
  await until("they are dead again", async () => (await queues.depths("demo"))?.dead === others.length);
  assert.equal((await fleet.run("dead-letters", "drop", "demo")).code, 0);
  assert.equal((await queues.depths("demo"))?.dead, 0);
});

test("a source's job is refused while one is open, and while anything is queued; cancel makes room", async (t) => {
  const { fleet, amqpUrl } = await place(t, node, few);
  await fleet.ledger();
  const job = await fleet.start();
  const second = await fleet.run("start", "demo");
  assert.equal(second.code, 2);
  assert.match(second.stderr, new RegExp(job));
  await using queues = await admin(amqpUrl);
  assert.equal((await queues.depths("demo"))?.directories, 1);

  const cancelled = await fleet.run("cancel", "demo");
  assert.equal(cancelled.code, 0, cancelled.stderr);
  assert.equal((await fleet.job(job))?.state, "cancelled");
  assert.equal((await queues.depths("demo"))?.directories, 0);

  await queues.inject({ source: "demo", queue: "files" }, "left over");
  const third = await fleet.run("start", "demo");
  assert.equal(third.code, 2);
  assert.match(third.stderr, /files/);
});

test("a downloader and a lister that are configured for other bytes refuse the job with one line, and lose nothing of it", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  await fleet.ledger();
  const job = await fleet.start();
  const otherLister = await fleet.lister({ UPYUN_VERSION: "!s400", UPYUN_DOMAIN: bucket.domainUrl });
  assert.equal(await otherLister.ended, 4);
  assert.match(otherLister.log.at(-1)?.msg ?? "", /another bucket, domain or version/);
  await fleet.lister();
  const other = await fleet.downloader("b", { UPYUN_VERSION: "!s400", UPYUN_DOMAIN: bucket.domainUrl });
  assert.equal(await other.ended, 4);
  assert.match(other.log.at(-1)?.msg ?? "", /another bucket, domain or version/);
  await fleet.downloader("a");
  assert.equal((await fleet.closed(job)).state, "complete");
  await assertHolds([fleet.volume("a"), fleet.volume("b")], bucket, keys);
});

test("two processes of one host share a volume without harm", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  await fleet.downloader("a");
  const job = await fleet.start();
  assert.equal((await fleet.closed(job)).state, "complete");
  await assertHolds([fleet.volume("a")], bucket, keys);
});

test("a second run of the fleet fetches only what is new", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  assert.equal((await fleet.closed(await fleet.start())).state, "complete");
  bucket.put("brand/new.jpg", Buffer.from("new"));
  const before = bucket.counters.get;
  assert.equal((await fleet.closed(await fleet.start())).state, "complete");
  assert.equal(bucket.counters.get - before, 1);
  await assertHolds([fleet.volume("a")], bucket, [...keys, "brand/new.jpg"]);
});

test("a folder that is no volume is refused, and so is one that was a volume: its disk is not mounted", async (t) => {
  const { fleet } = await place(t, node, few);
  await mkdir(fleet.volume("a"), { recursive: true });
  const never = await fleet.downloader("a", { VOLUME_AUTO_INIT: "false" });
  assert.equal(await never.ended, 2);
  assert.match(never.log.at(-1)?.msg ?? "", /volume/);
  assert.deepEqual(await readdir(fleet.volume("a")), [], "nothing was written there");

  const initialised = await fleet.run("volume", "init", fleet.volume("a"));
  assert.equal(initialised.code, 0, initialised.stderr);
  await fleet.ledger();
  const works = await fleet.downloader("a", { VOLUME_AUTO_INIT: "false" });
  await until("the downloader is healthy", async () => await isHealthy(works.url));
  assert.equal(await works.drain(), 0);
  await rm(fleet.volume("a"), { recursive: true });
  const unmounted = await fleet.downloader("a", { VOLUME_AUTO_INIT: "false" });
  assert.equal(await unmounted.ended, 2);
  assert.deepEqual(await readdir(fleet.volume("a")), [], "nothing was written below the mount point");
});

test("a second ledger on the same broker says that another one is at work, and works when that is gone", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  const first = await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  const second = await fleet.ledger();
  assert.equal(await second.ended, 4, "the same catalogue");
  assert.match(second.log.at(-1)?.msg ?? "", /another process/);
  assert.equal((await fleet.closed(job)).state, "complete");
  await assertHolds([fleet.volume("a")], bucket, keys);
  assert.equal(await first.drain(), 0);
});

test("a job whose messages were lost is closed as incomplete when nothing moves any more, and says what is unaccounted for", async (t) => {
  const { fleet, keys, amqpUrl } = await place(t, node, few);
  await fleet.ledger({ STALL_LIMIT_MS: "2000" });
  await fleet.lister();
  const job = await fleet.start();
  await using queues = await admin(amqpUrl);
  await until("all is listed", async () => (await fleet.job(job))?.progress.listed.objects === keys.length);
  assert.ok((await queues.purge("demo")) > 0);
  const { state, progress } = await fleet.closed(job);
  assert.equal(state, "incomplete");
  assert.equal(progress.stored.objects, 0);
});

test("services answer requests for their health and metrics", async (t) => {
  const { fleet } = await place(t, node, few);
  const services = [await fleet.ledger(), await fleet.lister(), await fleet.downloader("a")];
  const job = await fleet.start();
  await fleet.closed(job);
  for (const { url, role } of services) {
    assert.ok(await isHealthy(url), role);
    const metrics = await (await fetch(`${url}/metrics`)).text();
    assert.match(metrics, /^process_cpu_seconds_total/m, role);
  }
  const metrics = await (await fetch(`${services[2]?.url}/metrics`)).text();
  assert.match(metrics, /^brigade_objects_total\{[^}]*outcome="stored"[^}]*\} 500$/m);
  for (const service of services) assert.equal(await service.drain(), 0, service.role);
});

async function isHealthy(url: string): Promise<boolean> {
  return await fetch(`${url}/healthz`).then(
    (response) => response.ok,
    () => false,
  );
}
