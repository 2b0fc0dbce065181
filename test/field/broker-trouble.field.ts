import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";

const tree = syntheticTree({ directories: 6, filesPerDirectory: 20, minSize: 100, maxSize: 900, seed: 12 });

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("start and status report an alarm of the broker; no job is closed, and all goes on after it", async (t) => {
  const { fleet } = await place(t, node, tree, { STALL_LIMIT_MS: "3000" });
  await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  await until("the ledger answers", async () => (await fleet.run("status")).code === 0);
  await node.ctl("set_vm_memory_high_watermark", "0.00001");
  const starting = fleet.launch("start", "demo");
  await until("status tells", async () =>
    /^broker {2}the broker is short of memory: it accepts nothing until .*vm_memory_high_watermark/m.test(
      (await fleet.run("status", "demo")).stdout,
    ),
  );
  await until("status shows the services, though the broker carries no word of theirs", async () => {
    const { stdout } = await fleet.run("status", "demo");
    return (
      stdout.match(/^(lister|downloader) {2,}.* demo paused: publishing waits: the broker is short/gm)
        ?.length === 2
    );
  });
  await until("start tells", () => /waiting: the broker is short of memory/.test(starting.stderr()));
  await node.ctl("set_vm_memory_high_watermark", "0.6");
  const { code, stdout, stderr } = await starting.finished;
  assert.equal(code, 0, stderr);
  const job = stdout.trim();
  await node.ctl("set_vm_memory_high_watermark", "0.00001");
  await sleep(10_000);
  const during = await fleet.job(job);
  await node.ctl("set_vm_memory_high_watermark", "0.6");
  const { state, progress } = await fleet.closed(job, 60_000);
  assert.deepEqual([state, progress.stored.objects], ["complete", 120]);
  assert.ok(during?.state === "open" || during?.progress.stored.objects === 120);
});

test("status and retry report queues that are gone, and a new job runs after cancel and start", async (t) => {
  const { fleet, bucket, amqpUrl, keys } = await place(t, node, tree);
  bucket.setFaults([{ kind: "slow-body", on: "get", overMs: 60_000 }]);
  const services = [await fleet.ledger(), await fleet.lister(), await fleet.downloader("a")];
  const job = await fleet.start();
  await until("it is listed", async () => (await fleet.job(job))?.progress.listed.objects === keys.length);
  const vhost = new URL(amqpUrl).pathname.slice(1);
  // A service's own queue may end by itself at this moment.
  await node.ctl(
    "eval",
    `[catch rabbit_amqqueue:delete(Q, false, false, <<"test">>) || Q <- rabbit_amqqueue:list(<<"${vhost}">>)].`,
  );
  bucket.setFaults([]);
  await until("status tells", async () =>
    /the broker has lost this job's messages: the queue brigade\.demo\.directories and 12 more are gone; `brigade cancel demo`/.test(
      (await fleet.run("status", "demo")).stdout,
    ),
  );
  const retried = await fleet.run("retry", "demo");
  assert.equal(retried.code, 4);
  assert.match(retried.stderr, /the broker has lost messages of "demo".*brigade cancel demo/);
  assert.equal((await fleet.run("cancel", "demo")).code, 0);
  const again = await fleet.closed(await fleet.start(), 60_000);
  assert.equal(again.state, "complete");
  for (const { log, role } of services) {
    const told = log.filter(({ msg }) => msg.startsWith("waiting for a queue")).length;
    // One for each queue that it consumes, when it began and when they were gone.
    assert.ok(told <= (role === "downloader" ? 4 : 2), `${role}: ${told}`);
  }
});
