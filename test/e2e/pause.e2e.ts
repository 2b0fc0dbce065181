import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Bucket, objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { randomOf } from "../random.ts";
import { until } from "../waiting.ts";
import { brigade, environmentFor, startBrigade, temporaryFolder } from "./brigade.ts";
import { assertHolds } from "./disk.ts";

/** A copy that takes some seconds, and what its commands need. */
async function setUp(t: TestContext, shape = { directories: 40, filesPerDirectory: 60 }) {
  const tree = syntheticTree({ ...shape, minSize: 100, maxSize: 20_000, seed: 17 });
  const bucket = await startBucket({ tree, latencyMs: 20 });
  t.after(() => bucket.close());
  const [volume, runtime] = [await temporaryFolder(t), await temporaryFolder(t)];
  const environment = {
    ...environmentFor(bucket),
    XDG_RUNTIME_DIR: runtime,
    VOLUME_AUTO_INIT: "true",
    FETCH_CONCURRENCY: "8",
    OUTAGE_LIMIT_MS: "1500",
  };
  const copy = () => startBrigade(["copy", "upyun://demo/", volume], environment);
  const order = (...words: string[]) => brigade(words, environment);
  const keys = [...objectsOf(tree)].map(({ key }) => key);
  return { bucket, keys, volume, runtime, copy, order };
}

/** Requests that have come. */
function requests({ counters }: Bucket): number {
  return counters.list + counters.get + counters.head + counters.domain;
}

test("a copy that is paused and resumed at random sends nothing while it is paused, and loses nothing", async (t) => {
  const { bucket, keys, volume, copy, order } = await setUp(t, { directories: 60, filesPerDirectory: 100 });
  const random = randomOf(17);
  const running = copy();
  await until("it fetches", () => bucket.counters.get > 20);
  for (let time = 0; time < 6; time++) {
    const paused = await order("pause", "demo", "--reason", "the line is needed");
    assert.equal(paused.code, 0, paused.stderr);
    assert.match(paused.stdout, /demo is paused/);
    await sleep(1_000);
    const before = requests(bucket);
    await sleep(1_700 + 500 * random());
    assert.equal(requests(bucket), before);
    const resumed = await order("resume", "demo");
    assert.equal(resumed.code, 0, resumed.stderr);
    await sleep(150 * random());
  }
  const { code, stderr } = await running.finished;
  assert.equal(code, 0, stderr);
  assert.doesNotMatch(stderr, /unwell|refuses everything|attempt/);
  await assertHolds([volume], bucket, keys);
});

test("a copy that ends while it is paused is still paused when it is run again", async (t) => {
  const { bucket, copy, order, runtime } = await setUp(t);
  const first = copy();
  await until("it fetches", () => bucket.counters.get > 20);
  await order("pause", "demo");
  first.child.kill("SIGKILL");
  await first.finished;
  const second = copy();
  await until("it says so", () => second.stderr().includes("is paused still"));
  await sleep(1_000);
  const before = bucket.counters.get;
  await sleep(1_500);
  assert.equal(bucket.counters.get, before);
  assert.equal((await order("resume", "demo")).code, 0);
  assert.equal((await second.finished).code, 0);
  assert.deepEqual(await readdir(join(runtime, "brigade")), []);
});

test("an order that nobody could obey says what to do", async (t) => {
  const { order } = await setUp(t);
  const { code, stderr } = await order("pause", "demo");
  assert.equal(code, 2);
  assert.match(stderr, /LEDGER_URL is not set, and no `brigade copy` of "demo" of this user runs/);
});
