import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectBrokerAdmin } from "@brigade/broker";
import { syntheticTree } from "../bucket/index.ts";
import { silentLog } from "../logs.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { reaches, until } from "../waiting.ts";
import { CutOffHost } from "./cut-off-host.ts";
import { assertHoldsAll } from "./disks.ts";
import type { Service } from "./fleet.ts";
import { killLedgerAgainAndAgain } from "./ledger-kills.ts";
import { assertDriftIsNamedAndMended, assertSumsClose } from "./proof.ts";
import { place } from "./set-up.ts";

const batch = 64;
const batchesInHand = 4;
const inHand = batch * batchesInHand;
const slowly = { PREFETCH_BATCHES: String(batchesInHand), FETCH_CONCURRENCY: "8" };

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

async function deadLetters(url: string): Promise<number | undefined> {
  await using queues = await connectBrokerAdmin({ url, connectionName: "test", log: silentLog });
  return (await queues.depths("demo"))?.dead;
}

/** A bucket that takes long enough for faults in the middle. */
function tree(directories: number, filesPerDirectory: number, seed: number) {
  return syntheticTree({ directories, filesPerDirectory, minSize: 500, maxSize: 9_000, seed });
}

test("a run ends complete although downloaders, a lister and the broker are killed and connections closed; catalogue and disks pass every check", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree(60, 500, 11), slowly);
  await fleet.ledger();
  const lister = await fleet.lister();
  const victims = [await fleet.downloader("a"), await fleet.downloader("b")];
  await fleet.downloader("c");
  const job = await fleet.start();
  const fetched = (share: number) =>
    reaches(`${share} of the objects are fetched`, () => bucket.counters.get, keys.length * share);

  let losses = 0;
  let closing = true;
  const closes = (async () => {
    while (closing) {
      await sleep(3_000);
      if (!closing) break;
      await node
        .ctl("close_all_connections", "-p", new URL(amqpUrl).pathname.slice(1), "test")
        .catch(() => "");
      losses += 3;
    }
  })();
  await fetched(0.1);
  await victims[0]?.kill();
  await fetched(0.2);
  await lister.kill();
  await fleet.lister();
  await fetched(0.3);
  await node.kill();
  await node.start();
  await fetched(0.4);
  await victims[1]?.kill();
  await fleet.downloader("d");
  await fetched(0.5);
  await node.stop();
  await node.start();
  losses += 2 + 2 * 3;
  const { state } = await fleet.closed(job, 240_000);
  closing = false;
  await closes;

  assert.equal(state, "complete");
  await assertHoldsAll(
    ["a", "b", "c", "d"].map((name) => fleet.volume(name)),
    bucket,
    keys,
  );
  const again = bucket.counters.get - keys.length;
  t.diagnostic(`${again} objects were fetched again after ${losses} losses`);
  assert.ok(again <= losses * inHand, `${again} objects were fetched again after ${losses} losses`);
  assert.equal(await deadLetters(amqpUrl), 0);
  await assertSumsClose(fleet, keys.length);
  const volumes = ["a", "b", "c", "d"].map((name) => fleet.volume(name));
  await assertDriftIsNamedAndMended(fleet, bucket, volumes);
});

test("ten rolling restarts of all downloaders put nothing into the dead letters and fetch nothing twice", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree(60, 500, 12), {
    ...slowly,
    SHUTDOWN_GRACE_MS: "10000",
  });
  await fleet.ledger();
  await fleet.lister();
  let running = [await fleet.downloader("a"), await fleet.downloader("b")];
  const job = await fleet.start();
  for (let round = 1; round <= 10; round++) {
    await reaches("work goes on", () => bucket.counters.get, (keys.length * round) / 20);
    const next: Service[] = [];
    for (const [index, service] of running.entries()) {
      assert.equal(await service.drain(), 0);
      next.push(await fleet.downloader(index === 0 ? "a" : "b"));
    }
    running = next;
  }
  assert.equal((await fleet.closed(job)).state, "complete");
  assert.equal(bucket.counters.get, keys.length);
  assert.equal(await deadLetters(amqpUrl), 0);
});

test("only the object that kills its downloader is called deadly; its neighbours are stored", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree(2, 100, 13), {
    ...slowly,
    SILENCE_TIMEOUT_MS: "60000",
  });
  const deadly = keys[77] ?? "";
  bucket.setFaults([{ kind: "stalled-body", on: "get", key: deadly }]);
  await fleet.ledger();
  await fleet.lister();
  const job = await fleet.start();
  let downloader = await fleet.downloader("a");
  let deaths = 0;
  let closed = false;
  const watch = fleet.closed(job, 240_000).finally(() => {
    closed = true;
  });
  while (!closed && deaths < 20) {
    // A process that asks for the object dies.
    await until(
      "somebody asks for it, or all is done",
      () => closed || bucket.fetches(deadly) > deaths,
      120_000,
    );
    if (closed) break;
    deaths++;
    await downloader.kill();
    downloader = await fleet.downloader("a");
  }
  assert.equal((await watch).state, "complete", "accounted for");
  assert.deepEqual(
    (await fleet.failures(job)).map(({ key }) => key),
    [deadly],
  );
  // Two of the batch among others, one of it alone, one of an eighth of it, four of the object; and
  // one by chance.
  assert.ok(deaths <= 9, `${deaths} deaths`);
  await assertHoldsAll(
    [fleet.volume("a")],
    bucket,
    keys.filter((key) => key !== deadly),
  );
  assert.equal(await deadLetters(amqpUrl), 1);
  const letters = await fleet.run("dead-letters", "list", "demo");
  assert.match(letters.stdout, /its process died/);
});

test("services wait for a broker that is not there yet, and for one that is gone for a minute, and say so once each", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, tree(30, 500, 14), slowly);
  await node.stop();
  const services = [await fleet.ledger(), await fleet.lister(), await fleet.downloader("a")];
  await sleep(5_000);
  await node.start();
  const job = await fleet.start();
  await reaches("work goes on", () => bucket.counters.get, keys.length / 5);
  await node.stop();
  await sleep(60_000);
  await node.start();
  assert.equal((await fleet.closed(job)).state, "complete");
  for (const { role, log } of services) {
    const troubles = log.filter(({ level, msg }) => level >= 40 && /broker/i.test(msg));
    assert.ok(troubles.length >= 2 && troubles.length <= 4, `${role}: ${JSON.stringify(troubles)}`);
  }
  await assertHoldsAll([fleet.volume("a")], bucket, keys);
});

test("the work of a download host that is cut off goes to the others, and the host works again when it is back", async (t) => {
  const { bucket, fleet, keys, amqpUrl } = await place(t, node, tree(60, 500, 15), slowly);
  await fleet.ledger();
  await fleet.lister();
  await using host = await CutOffHost.create({ amqpUrl, bucket, ledgerUrl: fleet.ledgerUrl });
  const away = await fleet.downloader("away", host.environment, host.wrapper);
  const job = await fleet.start();
  await reaches("the host works", () => bucket.counters.get, keys.length / 20);
  await fleet.downloader("a");
  await host.cut();
  await reaches("the others go on", () => bucket.counters.get, keys.length / 3);
  await host.join();
  assert.equal((await fleet.closed(job, 240_000)).state, "complete");
  await assertHoldsAll([fleet.volume("a"), fleet.volume("away")], bucket, keys);
  const again = bucket.counters.get - keys.length;
  assert.ok(again <= 2 * inHand, `${again} objects were fetched again after one cut`);
  assert.equal(await away.drain(), 0);
});

test("a run ends complete although the ledger is down for most of it", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, tree(40, 250, 16), slowly);
  const first = await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  await first.kill();
  await reaches("nearly all is fetched", () => bucket.counters.get, keys.length * 0.9);
  await fleet.ledger();
  assert.equal((await fleet.closed(job)).state, "complete");
  await assertHoldsAll([fleet.volume("a")], bucket, keys);
});

test("a ledger that is killed again and again, and away for three minutes, loses nothing and counts nothing twice", (t) =>
  killLedgerAgainAndAgain(t, node, tree(60, 500, 17), { awayMs: 180_000 }));
