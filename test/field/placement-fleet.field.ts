import assert from "node:assert/strict";
import { mkdirSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { explicitTree, startBucket } from "../bucket/index.ts";
import { loopDisk } from "../disks/loop-disk.ts";
import { temporaryFolder } from "../e2e/brigade.ts";
import { Fleet } from "../fleet/fleet.ts";
import { startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const mib = 1024 * 1024;
const minFree = 20 * mib;
const tree = explicitTree(
  Array.from({ length: 5_000 }, (_, index) => [`d${index % 9}/${index}.bin`, { size: 50_000 }] as const),
);

test("four downloaders that fill one disk together leave its floor free, and then wait for room", async (t) => {
  await using node = await startNode();
  await using bucket = await startBucket({ tree });
  const disk = loopDisk(t, { sizeMib: 200, backingMib: 220 });
  const folder = await temporaryFolder(t);
  const environment = { MIN_FREE: String(minFree) };
  await using fleet = await Fleet.create({ amqpUrl: node.url, bucket, folder, environment });
  await fleet.ledger();
  await fleet.lister();
  await fleet.start();
  const own = { VOLUMES: join(disk.root, "volume") };
  mkdirSync(own.VOLUMES);
  const init = await fleet.run("volume", "init", own.VOLUMES);
  assert.equal(init.code, 0, init.stderr);
  const names = ["a", "b", "c", "d"];
  const downloaders = await Promise.all(
    names.map((name) => fleet.downloader(name, { ...own, BRIGADE_INSTANCE: name })),
  );
  const waits = async (url: string) => {
    const health = await fetch(`${url}/healthz`).then(
      (answer) => answer.text(),
      () => "it has not begun",
    );
    return health.includes("no volume with room");
  };
  await until("all wait for room", async () =>
    (await Promise.all(downloaders.map(({ url }) => waits(url)))).every(Boolean),
  );
  const { bavail, bsize } = statfsSync(disk.root);
  // Each may have one object under way while another has asked the disk.
  assert.ok(bavail * bsize >= minFree - 4 * 50_000, `${bavail * bsize} bytes are free`);
  assert.ok(bavail * bsize < minFree + 40 * mib, "the room above the floor is used");
});
