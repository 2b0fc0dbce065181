import assert from "node:assert/strict";
import { appendFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { memoryDisk, noMemoryDisks } from "./memory-disk.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

/** Uses up the room of the disk. */
function fill(file: string): void {
  for (const bytes of [1 << 20, 1 << 12]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(bytes));
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error;
    }
  }
}

test("a ledger whose disk is full stays, says so once, and goes on by itself when there is room", {
  skip: noMemoryDisks,
}, async (t) => {
  const disk = memoryDisk(t, 8);
  const ballast = join(disk.root, "ballast");
  const tree = syntheticTree({ directories: 20, filesPerDirectory: 50, minSize: 100, maxSize: 200, seed: 5 });
  const { fleet, keys } = await place(t, node, tree, { LOG_LEVEL: "info" });
  const ledger = await fleet.ledger({ LEDGER_PATH: join(disk.root, "catalogue.sqlite") });
  const job = await fleet.start();
  fill(ballast);
  await fleet.lister();
  await fleet.downloader("a");
  const serious = () => ledger.log.filter(({ level }) => level >= 40).map(({ msg }) => msg);
  await until("the ledger says that its disk is full", async () => serious().length > 0);
  const health = (await (await fetch(`${ledger.url}/healthz`)).json()) as { pauses: { demo: string[] } };
  assert.deepEqual(health.pauses.demo, ["the catalogue cannot be written"]);
  // Attempts by several of its parts, each some seconds after the other.
  await new Promise((resolve) => setTimeout(resolve, 8_000));
  assert.deepEqual(serious(), ["the catalogue cannot be written: records wait"]);
  const [line] = ledger.log.filter(({ level }) => level >= 40);
  assert.match(String(line?.reason), /no room on the disk for the catalogue .*: free some space/);

  rmSync(ballast);
  const { state, progress } = await fleet.closed(job, 60_000);
  assert.deepEqual([state, progress.stored.objects], ["complete", keys.length]);
  assert.deepEqual(serious(), [
    "the catalogue cannot be written: records wait",
    "the catalogue is written again",
  ]);
});

test("a ledger that is started on a full disk waits for room, and is at work when it comes", {
  skip: noMemoryDisks,
}, async (t) => {
  const disk = memoryDisk(t, 8);
  const ballast = join(disk.root, "ballast");
  fill(ballast);
  const tree = syntheticTree({ directories: 1, filesPerDirectory: 1, minSize: 100, maxSize: 200, seed: 5 });
  const { fleet } = await place(t, node, tree);
  const ledger = await fleet.ledger({ LEDGER_PATH: join(disk.root, "catalogue.sqlite") });
  const says = (text: string) => async () => ledger.log.some(({ msg }) => msg.startsWith(text));
  await until("it says why it waits", says("the catalogue cannot be written"));
  rmSync(ballast);
  await until("it is at work", says("at work"));
});
