import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { environmentFor, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { type WallClock, wallClock } from "./clocks/wall-clock.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const tree = syntheticTree({ directories: 10, filesPerDirectory: 60, minSize: 100, maxSize: 200, seed: 8 });
const keys = [...objectsOf(tree)].map(({ key }) => key);
/** The limit of an outage is far longer than the outage, and far shorter than the step. */
const patience = { OUTAGE_LIMIT_MS: "600000", FETCH_CONCURRENCY: "8", SHUTDOWN_GRACE_MS: "2000" };

/** An outage of some seconds after the work has begun; in its middle the clock is set. */
async function outageWithStep(bucket: Bucket, clock: WallClock, hours: number): Promise<void> {
  await until("some objects are fetched", async () => bucket.counters.get > 100);
  await bucket.setOutage("status");
  await until("the outage is noticed", async () => bucket.counters.outage > 3);
  await sleep(1_500);
  clock.set(hours);
  await sleep(3_000);
  await bucket.setOutage("off");
}

for (const [how, hours] of [
  ["ahead", 8],
  ["back", -8],
] as const) {
  test(`copy goes on after an outage in which the wall clock is set ${how} by eight hours`, async (t) => {
    const clock = await wallClock(t);
    await using bucket = await startBucket({ tree, latencyMs: 50 });
    const volume = await temporaryFolder(t);
    const environment = { ...environmentFor(bucket), ...patience, ...clock.environment };
    const running = startBrigade(["copy", "upyun://demo/", volume], environment);
    const timer = setTimeout(() => running.child.kill("SIGKILL"), 90_000);
    await outageWithStep(bucket, clock, hours);
    const { code, stderr } = await running.finished;
    clearTimeout(timer);
    assert.equal(code, 0, stderr);
    await assertHolds([volume], bucket, keys);
  });

  test(`a fleet goes on after an outage in which the wall clock is set ${how} by eight hours`, async (t) => {
    const clock = await wallClock(t);
    const environment = { ...patience, ...clock.environment };
    const { bucket, fleet } = await place(t, node, tree, environment, { latencyMs: 50 });
    const ledger = await fleet.ledger();
    await fleet.lister();
    await fleet.downloader("a");
    const job = await fleet.start();
    await outageWithStep(bucket, clock, hours);
    assert.equal((await fleet.closed(job, 90_000)).state, "complete");
    await assertHolds([fleet.volume("a")], bucket, keys);
    // A service that reported a moment ago is at work, at any date.
    const status = await fetch(`${ledger.url}/api/status`, {
      headers: { authorization: "Bearer a token for tests" },
    });
    const { services } = (await status.json()) as { services: { silentSince?: number }[] };
    assert.deepEqual(
      services.map(({ silentSince }) => silentSince),
      [undefined, undefined],
    );
  });
}
