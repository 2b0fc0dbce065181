import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { randomStream } from "../../bucket/random.ts";
import { assertHoldsAll } from "../../fleet/disks.ts";
import { Fleet, type Service } from "../../fleet/fleet.ts";
import { requirePrograms } from "../../programs.ts";
import { type RabbitNode, startNode } from "../../rabbitmq/index.ts";
import { shuffled } from "../../random.ts";
import { reaches } from "../../waiting.ts";
import { wallClock } from "../clocks/wall-clock.ts";
import { banUs, beAway, startOddBucket } from "./bucket.ts";
import { asNobody, nobody } from "./copying.ts";
import { failingDisk, fill, readableByAll, smallDisk } from "./failing-disk.ts";
import { assertToldOnce } from "./told-once.ts";

const checkout = fileURLToPath(new URL("../../../", import.meta.url));
const seed = Number(process.env.SEED ?? randomInt(1_000_000));

/** Waits until it holds, for at most half a minute; asserts come later. */
async function waitFor(condition: () => boolean): Promise<void> {
  for (const end = performance.now() + 30_000; !condition() && performance.now() < end; ) await sleep(50);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

test("a fleet to which everything happens once stores all but what cannot be had", async (t) => {
  requirePrograms("python3");
  console.error(`SEED=${seed}`);
  const random = randomStream(seed);
  const below = (n: number) => Math.floor(random() * n);
  // The store is slow, so that the job does not end before all has happened.
  const odd = await startOddBucket(below, 30);
  const { bucket, wanted, refused } = odd;
  t.after(() => bucket.close());
  // Each disk has room for all objects: while the others are away, one disk may get everything.
  const disks = [1, 2, 3].map(() => failingDisk(t, { mib: 192, owner: nobody }));
  const state = smallDisk(t, { mib: 64, owner: nobody });
  const folder = mkdtempSync(join(tmpdir(), "brigade-everything-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  chownSync(folder, nobody, nobody);
  const clock = await wallClock(t);
  await using fleet = await Fleet.create({
    amqpUrl: node.url,
    bucket,
    folder,
    environment: { MAX_ATTEMPTS: "2", LOG_LEVEL: "info", FETCH_CONCURRENCY: "8", ...clock.environment },
    command: join(readableByAll(t, checkout), "packages/cli/bin/brigade.js"),
  });
  const ledger = await fleet.ledger({ LEDGER_PATH: join(state, "ledger.sqlite") });
  const started: Service[] = [ledger, await fleet.lister()];
  const downloaders: Service[] = [];
  const start = async (n: number) => {
    const service = await fleet.downloader(`d${n}`, { VOLUMES: disks[n]?.root ?? "" }, asNobody);
    downloaders[n] = service;
    started.push(service);
  };
  for (const n of disks.keys()) await start(n);
  const began = performance.now();
  const job = await fleet.start();

  const happenings: Readonly<Record<string, () => Promise<void>>> = {
    "the store refuses our rate, then bans us": () => banUs(odd),
    async "the disk of the catalogue is full"() {
      const empty = fill(state);
      await waitFor(() => ledger.log.some(({ reason }) => /no room on the disk/.test(String(reason))));
      await sleep(3_000);
      empty();
    },
    async "a disk fails"() {
      const n = below(3);
      disks[n]?.fail();
      await sleep(3_000);
      await downloaders[n]?.drain();
      disks[n]?.comeBack();
      await start(n);
    },
    "the source is away, and the clock jumps by hours": () =>
      beAway(odd, () => clock.set(below(2) === 0 ? 8 : -8)),
    async "a downloader is killed"() {
      const n = below(3);
      await downloaders[n]?.kill();
      await start(n);
    },
    async "a downloader is told to stop, and again"() {
      const n = below(3);
      const stopped = downloaders[n];
      assert.ok(stopped !== undefined && isAlive(stopped.pid), fleet.lastLines());
      process.kill(stopped.pid, "SIGTERM");
      await sleep(300);
      await stopped.drain();
      await start(n);
    },
  };
  const order = shuffled(Object.keys(happenings), random);
  // An outage right after a ban falls into the same pause and is not logged. So some requests come
  // between the two.
  let after = 0;
  for (const [n, name] of order.entries()) {
    const due = Math.max(after + 300, (wanted.length * (n + 1)) / (order.length + 2));
    await reaches(`requests before ${name}`, () => bucket.counters.get, due);
    console.error(`${Math.round(performance.now() - began)} ms: ${name}`);
    await happenings[name]?.();
    after = bucket.counters.get;
  }
  const { state: outcome } = await fleet.closed(job, 300_000);
  const seconds = (performance.now() - began) / 1000;
  console.error(`${seconds} s`);

  const failed = await fleet.failures(job);
  const others = failed.filter(({ key }) => !refused.includes(key));
  assert.deepEqual(others, []);
  assert.equal(failed.length, refused.length);
  assert.equal(outcome, "incomplete", "a directory could not be listed");
  const { stdout } = await fleet.run("status", "demo", "--json");
  assert.match(stdout, /"directory":"dead"/);
  assert.ok(seconds < 300, `it took ${seconds} s`);
  await Promise.all(downloaders.map((one) => one.drain()));
  for (const disk of disks) disk.comeBack();
  await assertHoldsAll(
    disks.map(({ root }) => root),
    bucket,
    wanted,
  );
  // A downloader without a write in that time logs nothing.
  assertToldOnce(
    started.map(({ log }) => log.filter(({ level }) => level >= 40)),
    { unnoticed: ["failed disk"] },
  );
});
