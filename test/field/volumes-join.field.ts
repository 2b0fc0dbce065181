import assert from "node:assert/strict";
import { mkdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { loopDisk } from "../disks/loop-disk.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";
import { assertHolds } from "../e2e/disk.ts";
import { Fleet } from "../fleet/fleet.ts";
import { startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

/*
 * Three disks that are too small together: a copy ends and says how much is missing; a service waits,
 * and goes on when a fourth disk joins.
 */

const mib = 1024 * 1024;
const minFree = 8 * mib;
/** 150 MB for three disks of 40 MB, which keep 8 MB free each. */
const entries = Array.from(
  { length: 300 },
  (_, index) => [`d${index % 9}/${index}.bin`, { size: 500_000 }] as const,
);
const tree = explicitTree(entries);
const keys = entries.map(([key]) => key);

async function disks(t: TestContext, sizes: readonly number[]): Promise<string[]> {
  const volumes = sizes.map((sizeMib) =>
    join(loopDisk(t, { sizeMib, backingMib: sizeMib + 10 }).root, "volume"),
  );
  for (const volume of volumes) mkdirSync(volume);
  const made = await brigade(["volume", "init", ...volumes]);
  assert.equal(made.code, 0, made.stderr);
  return volumes;
}

for (const policy of ["most-free", "fill-in-order", "round-robin"]) {
  test(`a copy onto disks that are too small together ends with the missing bytes, no object failed (${policy})`, async (t) => {
    await using bucket = await startBucket({ tree });
    const volumes = await disks(t, [40, 40, 40]);
    const state = await temporaryFolder(t);
    const environment = {
      ...environmentFor(bucket),
      ...{ PLACEMENT: policy, MIN_FREE: String(minFree), BATCH_FILES: "8" },
    };
    const { code, stderr } = await brigade(
      ["copy", "upyun://demo/", ...volumes, "--state-dir", state],
      environment,
    );
    assert.equal(code, 4, stderr);
    assert.match(stderr.trim().split("\n").at(-1) ?? "", /no volume has room.*\((\d+) bytes\) more needed/);
    assert.doesNotMatch(stderr, /an object failed/);
    for (const volume of volumes) {
      const { bavail, bsize } = statfsSync(volume);
      assert.ok(bavail * bsize >= minFree, `${bavail * bsize} bytes are free on ${volume}`);
    }
    const [more = ""] = await disks(t, [120]);
    const again = await brigade(
      ["copy", "upyun://demo/", ...volumes, more, "--state-dir", state],
      environment,
    );
    assert.equal(again.code, 0, again.stderr);
    await assertHolds([...volumes, more], bucket, keys);
  });
}

test("a downloader without room waits, says how much is missing, and goes on when a disk joins by SIGHUP", async (t) => {
  await using node = await startNode();
  await using bucket = await startBucket({ tree });
  const volumes = await disks(t, [40, 40, 40]);
  const folder = await temporaryFolder(t);
  const list = join(folder, "volumes.txt");
  writeFileSync(list, `# disks\n${volumes.join("\n")}\n`);
  const environment = { MIN_FREE: String(minFree) };
  await using fleet = await Fleet.create({ amqpUrl: node.url, bucket, folder, environment });
  await fleet.ledger();
  await fleet.lister();
  await fleet.start();
  const downloader = await fleet.downloader("a", {
    ...{ VOLUMES: "", VOLUMES_FILE: list, VOLUME_AUTO_INIT: "false", LEDGER_URL: fleet.ledgerUrl },
  });
  const said = (text: RegExp) => downloader.log.some(({ msg }) => text.test(msg));
  await until("it waits", () => said(/no volume can accept anything/), 90_000);
  await until("it says what is missing", () => said(/room is missing/), 30_000);
  const health = await fetch(`${downloader.url}/healthz`).then((answer) => answer.text());
  assert.match(health, /bytes\) more needed/);

  const [more = ""] = await disks(t, [120]);
  writeFileSync(list, `${volumes.join("\n")}\n${more}\nnot/absolute\n`);
  process.kill(downloader.pid, "SIGHUP");
  await until("a wrong file changes nothing", () => said(/no volume joins: nothing has changed/));
  writeFileSync(list, `${volumes.join("\n")}\n${more}\n`);
  process.kill(downloader.pid, "SIGHUP");
  await until("it joins", () => said(/volumes have joined/));
  await until(
    "the job is complete",
    async () => (await fleet.run("status")).stdout.includes("complete"),
    90_000,
  );
  await assertHolds([...volumes, more], bucket, keys);
  const status = await fleet.run("status");
  assert.match(status.stdout, /full since|filling since/);
});
