import assert from "node:assert/strict";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { explicitTree } from "../bucket/index.ts";
import { noLoopDisks } from "../disks/loop-disk.ts";
import { filesBelow } from "../e2e/disk.ts";
import type { Fleet } from "../fleet/fleet.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { failingDisk } from "./everything/failing-disk.ts";

/*
 * A fleet's job never ends well in silence while its files lie on a disk that is on no host any
 * more.
 */

const keys = Array.from({ length: 160 }, (_, index) => `d${index % 5}/${index}.txt`);
const tree = explicitTree(keys.map((key, index) => [key, { size: 500 + index }]));
const unable = noLoopDisks();
const withDisks = unable === undefined ? {} : { skip: unable };

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const slow = { BATCH_FILES: "2", FETCH_CONCURRENCY: "2", PREFETCH_BATCHES: "2" };
const objectsIn = async (root: string) => (await filesBelow(join(root, "demo")).catch(() => [])).sort();

/** Starts the job and waits for its end, as soon as the ledger answers. */
async function start(fleet: Fleet, ...flags: readonly string[]) {
  const answers = () =>
    fetch(`${fleet.ledgerUrl}/healthz`)
      .then(({ ok }) => ok)
      .catch(() => false);
  await until("the ledger answers", answers);
  return fleet.launch("start", "demo", "--wait", ...flags);
}

/** Resolves when some objects lie in the folder. */
async function filled(root: string): Promise<void> {
  await until(`some objects lie in ${root}`, async () => (await objectsIn(root)).length >= 5);
}

/** The lines about absent disks, command by command. */
async function told(fleet: Fleet, key: string): Promise<Record<string, string | number | null>> {
  const [status, where, audit] = [
    await fleet.run("status"),
    await fleet.run("where", key),
    await fleet.run("audit", "demo"),
  ];
  const line = (text: string) => /\d+ objects lie on .*/.exec(text)?.[0] ?? "";
  return {
    status: line(status.stdout),
    where: /\(its disk is lost: .*\)/.exec(where.stdout)?.[0] ?? "",
    whereCode: where.code,
    audit: line(audit.stdout),
    auditCode: audit.code,
  };
}

test(
  "a disk that is unmounted in mid-run ends the job with exit 3 in all commands, until it is back",
  withDisks,
  async (t) => {
    const { fleet } = await place(t, node, tree, slow, { latencyMs: 50 });
    const disk = failingDisk(t, { mib: 64, owner: 0 });
    await fleet.ledger();
    await fleet.lister();
    const bad = await fleet.downloader("bad", { VOLUMES: disk.root });
    const waiting = await start(fleet);
    await filled(disk.root);
    process.kill(bad.pid, "SIGSTOP");
    const lost = await objectsIn(disk.root);
    disk.unmount();
    process.kill(bad.pid, "SIGCONT");
    await fleet.downloader("good");
    const { code, stdout, stderr } = await waiting.finished;
    assert.equal(code, 3, stderr + stdout);
    const [line = "", ...others] = stdout.match(/\d+ objects lie on .*/g) ?? [];
    assert.deepEqual(others, []);
    const [, count, where, why] =
      /^(\d+) objects lie on (root \(.*\)), which was lost in this run: (.*)/.exec(line) ?? [];
    assert.equal(where, `root (${hostname()})`);
    assert.equal(Number(count), lost.length);
    assert.match(why ?? "", /unmounted/);
    assert.deepEqual(await told(fleet, lost[0] ?? ""), {
      status: line,
      where: `(its disk is lost: ${why})`,
      whereCode: 3,
      audit: line,
      auditCode: 3,
    });
    assert.equal((await fleet.run("status", "--wait")).code, 3);

    await bad.drain();
    assert.equal((await fleet.run("status", "--wait")).code, 3, "it is lost, whoever leaves");
    disk.mount();
    await fleet.downloader("bad", { VOLUMES: disk.root });
    await until("the disk is back", async () => (await fleet.run("status", "--wait")).code === 0);
    assert.deepEqual(await told(fleet, lost[0] ?? ""), {
      status: "",
      where: "",
      whereCode: 0,
      audit: "",
      auditCode: 0,
    });
  },
);

test("a volume whose downloader was stopped in good order is reported in one line, and the exit code is 0", async (t) => {
  const { fleet } = await place(t, node, tree, slow, { latencyMs: 50 });
  await fleet.ledger();
  await fleet.lister();
  const leaving = await fleet.downloader("away");
  const waiting = await start(fleet);
  await filled(fleet.volume("away"));
  await fleet.downloader("good");
  assert.equal(await leaving.drain(), 0);
  const { code, stdout, stderr } = await waiting.finished;
  assert.equal(code, 0, stderr + stdout);
  const count = (await objectsIn(fleet.volume("away"))).length;
  assert.deepEqual(stdout.match(/\d+ objects? lies? on .*/g), [
    `${count} objects lie on away (${hostname()}), which is not here`,
  ]);
});

test("a host that dies in mid-run with its disk ends the job with exit 3", async (t) => {
  const { fleet } = await place(t, node, tree, slow, { latencyMs: 50 });
  await fleet.ledger();
  await fleet.lister();
  const dying = await fleet.downloader("dying");
  const waiting = await start(fleet, "--json");
  await filled(fleet.volume("dying"));
  await dying.kill();
  await fleet.downloader("good");
  const { code, stdout, stderr } = await waiting.finished;
  assert.equal(code, 3, stderr + stdout);
  const { absent } = JSON.parse(stdout);
  assert.deepEqual(
    absent.map(({ label, host }: { label: string; host: string }) => [label, host]),
    [["dying", hostname()]],
  );
  assert.match(absent[0].lost, /nobody has been heard of it since/);
});
