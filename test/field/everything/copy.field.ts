import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { randomStream } from "../../bucket/random.ts";
import { assertHoldsAll } from "../../fleet/disks.ts";
import { requirePrograms } from "../../programs.ts";
import { shuffled } from "../../random.ts";
import { wallClock } from "../clocks/wall-clock.ts";
import { banUs, beAway, startOddBucket } from "./bucket.ts";
import { Copying, nobody } from "./copying.ts";
import { failingDisk, fill, readableByAll, smallDisk } from "./failing-disk.ts";
import { assertToldOnce, warningsIn } from "./told-once.ts";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const seed = Number(process.env.SEED ?? randomInt(1_000_000));

test("a copy to which everything happens once is complete but for what cannot be had", async (t) => {
  requirePrograms("python3");
  console.error(`SEED=${seed}`);
  const random = randomStream(seed);
  const below = (n: number) => Math.floor(random() * n);
  const odd = await startOddBucket(below);
  const { bucket, wanted, refused, deadDirectory } = odd;
  t.after(() => bucket.close());
  const disks = [1, 2, 3].map(() => failingDisk(t, { mib: 128, owner: nobody }));
  const state = smallDisk(t, { mib: 64, owner: nobody });
  const code = readableByAll(t, checkout);
  const volumes = disks.map(({ root }) => root);
  const clock = await wallClock(t);
  const copying = new Copying(
    [
      process.execPath,
      join(code, "packages/cli/bin/brigade.js"),
      ...["copy", "upyun://demo/", ...volumes, "--json"],
    ],
    {
      UPYUN_OPERATOR: bucket.operator,
      UPYUN_PASSWORD: "password",
      UPYUN_ENDPOINT: bucket.restUrl,
      STATE_DIR: state,
      MAX_ATTEMPTS: "2",
      HOME: "/",
      ...clock.environment,
    },
  );

  const happenings: Readonly<Record<string, () => Promise<void>>> = {
    "the store refuses our rate, then bans us": () => banUs(odd),
    async "the disk of queues and catalogue is full"() {
      const empty = fill(state);
      const { code } = await copying.end();
      empty();
      assert.equal(code, 4);
    },
    async "a disk fails"() {
      disks[below(3)]?.fail();
    },
    "the source is away, and the clock jumps by hours": () =>
      beAway(odd, () => clock.set(below(2) === 0 ? 8 : -8)),
    async "the process is killed"() {
      await copying.kill();
    },
    async "the process is told to stop, and again"() {
      await copying.terminateTwice();
    },
  };
  const order = shuffled(Object.keys(happenings), random);

  const began = performance.now();
  const goOn = () => {
    if (copying.isRunning) return;
    assert.ok(copying.ended.length < 20, "it never comes to an end");
    for (const disk of disks) disk.comeBack();
    copying.start();
  };
  for (const [n, name] of order.entries()) {
    const due = (wanted.length * (n + 1)) / (order.length + 2);
    for (goOn(); bucket.counters.get < due; goOn()) await sleep(20);
    console.error(`${Math.round(performance.now() - began)} ms: ${name}`);
    await happenings[name]?.();
  }
  let last: { code: number | null; stdout: string; stderr: string };
  do {
    goOn();
    last = await copying.end();
    console.error(`exit ${last.code}`);
  } while (last.code !== 3);
  const seconds = (performance.now() - began) / 1000;
  console.error(`${seconds} s, exits ${copying.ended.map(({ code }) => code)}`);

  const report = JSON.parse(last.stdout);
  const { failedDirectories, directories, pages } = report.holes;
  assert.deepEqual(
    failedDirectories.examples.map(({ directory }: { directory: string }) => directory),
    [deadDirectory],
  );
  assert.deepEqual([failedDirectories.total, directories.total, pages.objects], [1, 0, 0]);
  assert.deepEqual(report.failed.map(({ key }: { key: string }) => key).sort(), refused);
  assert.ok(seconds < 180, `it took ${seconds} s`);
  for (const disk of disks) disk.comeBack();
  await assertHoldsAll(volumes, bucket, wanted);
  assertToldOnce(copying.ended.map(({ stderr }) => warningsIn(stderr)));
});
