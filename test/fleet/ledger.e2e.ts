import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { killLedgerAgainAndAgain } from "./ledger-kills.ts";
import { assertDriftIsNamedAndMended, assertSumsClose, parsedLines, run } from "./proof.ts";
import { place } from "./set-up.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const few = syntheticTree({ directories: 6, filesPerDirectory: 100, minSize: 500, maxSize: 5_000, seed: 31 });

test("deleted or damaged files and new or changed objects are named exactly, and only they are fetched", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  await fleet.ledger();
  await fleet.lister();
  const volumes = ["a", "b"];
  for (const volume of volumes) await fleet.downloader(volume);
  assert.equal((await fleet.closed(await fleet.start())).state, "complete");
  await assertSumsClose(fleet, keys.length);
  await assertDriftIsNamedAndMended(
    fleet,
    bucket,
    volumes.map((volume) => fleet.volume(volume)),
  );
});

test("failed objects are put back to work by their class, and the job ends complete", async (t) => {
  const { bucket, fleet, keys } = await place(t, node, few);
  const forbidden = keys.slice(10, 14);
  bucket.forbid(...forbidden);
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  await fleet.closed(job);
  await run(fleet, 3, "status", "demo", "--wait");
  const failed = parsedLines<{ key: string; class: string }>(await run(fleet, 0, "failed", "--json"));
  assert.deepEqual(failed.map(({ key }) => key).sort(), [...forbidden].sort());
  assert.ok(failed.every((one) => one.class === "forbidden"));
  bucket.restore(...forbidden);
  const listed = bucket.counters.list;
  await run(fleet, 0, "retry", "--class", "forbidden");
  await run(fleet, 0, "status", "demo", "--wait");
  assert.equal((await fleet.job(job))?.progress.stored.objects, keys.length);
  assert.equal(bucket.counters.list, listed, "nothing is listed again");
  assert.deepEqual(parsedLines(await run(fleet, 0, "failed", "--json")), []);
});

test("a ledger that is killed again and again, and away for a while, loses nothing and counts nothing twice", (t) =>
  killLedgerAgainAndAgain(t, node, few, { awayMs: 3_000 }));

test("status shows services and disks with their work; a service that has ended, or is silent, is shown as such", async (t) => {
  const { fleet } = await place(t, node, few);
  await fleet.ledger();
  await fleet.lister();
  const downloader = await fleet.downloader("a");
  assert.equal((await fleet.closed(await fleet.start())).state, "complete");
  type Shown = {
    services: { service: string; instance: string; silentSince?: number }[];
    volumes: { label: string; objects: number; free?: number }[];
  };
  const shown = async (): Promise<Shown> => JSON.parse(await run(fleet, 0, "status", "--json"));
  await until("both services are heard", async () => {
    const { services, volumes } = await shown();
    return services.length === 2 && (volumes[0]?.free ?? 0) > 0;
  });
  const { volumes } = await shown();
  assert.deepEqual(
    volumes.map(({ label, objects }) => [label, objects]),
    [["a", 600]],
  );
  await downloader.drain();
  await until("it has left", async () => (await shown()).services.length === 1);
  const killed = await fleet.downloader("a");
  await until("it is back", async () => (await shown()).services.length === 2);
  await killed.kill();
  await until("it is silent", async () =>
    (await shown()).services.some(
      ({ service, silentSince }) => service === "downloader" && silentSince !== undefined,
    ),
  );
});
