import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { type BrokerAdmin, connectBrokerAdmin } from "@brigade/broker";
import { syntheticTree } from "../../bucket/index.ts";
import type { Service } from "../../fleet/fleet.ts";
import { type Place, place } from "../../fleet/set-up.ts";
import { silentLog } from "../../logs.ts";
import { type RabbitNode, startNode } from "../../rabbitmq/index.ts";
import { until } from "../../waiting.ts";
import { peakOf } from "./measured.ts";

const tree = syntheticTree({ directories: 10, filesPerDirectory: 50, minSize: 100, maxSize: 900, seed: 3 });
const mib = 2 ** 20;

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const job = '"job":{"id":"j","source":"demo","fingerprint":"f"}';
/** How a message begins in each queue, up to its long list. */
const heads = {
  records: `{"v":1,"type":"result",${job},"host":"h","at":1,"pages":[`,
  directories: `{"v":1,"type":"directory",${job},"filters":{},"attempt":0,"positions":[`,
  files: `{"v":1,"type":"files",${job},"attempt":0,"slices":[`,
} as const;
type Queue = keyof typeof heads;
const queues = Object.keys(heads) as Queue[];

/** The values of the long list. */
const fillings: readonly ((head: string) => string)[] = [
  (head) => `${head}${"0,".repeat(8e6)}0]}`,
  (head) => `${head}${"0,".repeat(4 * mib - 200)}0]}`,
  (head) => `${head}${"0,".repeat(240_000)}0]}`,
  (head) => `${head}${"{},".repeat(240_000)}{}]}`,
  (head) => `${head}${"[".repeat(4e6)}`,
  (head) => `${head}"${'\\"'.repeat(4 * mib - 200)}`,
];

/** Bodies of valid results, of one page that no lister has reported, with 70,000 objects in all. */
function resultsOfUntoldPage(number: number, objectsPerResult: number): string[] {
  const page = createHash("sha256").update(`${number}`).digest("hex");
  const objects = Array.from({ length: 70_000 }, (_, index) => ({
    index,
    name: `${index}`.padStart(30, "n"),
    listedSize: 1,
    outcome: "failed",
    reason: "r",
  }));
  const head = `{"v":1,"type":"result",${job},"host":"h","at":${Date.now()},"pages":`;
  return Array.from({ length: objects.length / objectsPerResult }, (_, part) => {
    const own = objects.slice(part * objectsPerResult, (part + 1) * objectsPerResult);
    return `${head}${JSON.stringify([{ page, directory: `made-up-${number}`, objects: own }])}}`;
  });
}

interface Run {
  /** The most MiB, by role. */
  readonly peaks: Readonly<Record<string, number>>;
  readonly place: Place;
}

/** Runs a fleet that copies the bucket, and calls a function meanwhile. */
async function fleetRun(t: Parameters<typeof place>[0], meanwhile: (queues: BrokerAdmin) => Promise<void>) {
  const here = await place(t, node, tree, { MAX_ATTEMPTS: "1", BATCH_FILES: "20", LIST_PAGE_SIZE: "20" });
  const { fleet, keys, amqpUrl } = here;
  const services: Service[] = [await fleet.ledger(), await fleet.lister(), await fleet.downloader("a")];
  const id = await fleet.start();
  await using admin = await connectBrokerAdmin({ url: amqpUrl, connectionName: "test", log: silentLog });
  await meanwhile(admin);
  const { state, progress } = await fleet.closed(id);
  assert.deepEqual([state, progress.stored.objects], ["complete", keys.length]);
  const peaks = Object.fromEntries(services.map(({ role, pid }) => [role, peakOf(pid)]));
  return { peaks, place: here } satisfies Run;
}

test("messages that are bombs are set aside by ledger, lister and downloader, and the run goes on in the same memory", async (t) => {
  const calm = await fleetRun(t, async () => {});
  const begunAt = performance.now();
  const bombed = await fleetRun(t, async (admin) => {
    for (const queue of queues)
      for (const fill of fillings) await admin.inject({ source: "demo", queue }, fill(heads[queue]));
    await until("all are set aside", async () => {
      return (await admin.depths("demo"))?.dead === queues.length * fillings.length;
    });
    for (const { reason } of await admin.deadLetters("demo")) assert.ok(reason.length < 1_000, reason);
  });
  t.diagnostic(`${((performance.now() - begunAt) / 1000).toFixed(1)} s for 18 bombs`);
  for (const [role, peak] of Object.entries(bombed.peaks)) {
    const without = calm.peaks[role] ?? 0;
    t.diagnostic(`${role}: ${Math.round(peak - without)} MiB more than without them`);
    assert.ok(peak - without < 150, `${role}: ${peak} MiB, without them ${without}`);
  }
});

test("14 results of 7 MiB cost a ledger at most 150 MiB more than the same objects in results of 0.7 MiB", async (t) => {
  const told = (objectsPerResult: number) =>
    fleetRun(t, async (admin) => {
      for (let number = 0; number < 14; number++)
        for (const body of resultsOfUntoldPage(number, objectsPerResult))
          await admin.inject({ source: "demo", queue: "records" }, body);
    });
  const small = await told(7_000);
  const large = await told(70_000);
  t.diagnostic(`small: ${small.peaks.ledger} MiB, large: ${large.peaks.ledger} MiB`);
  const more = (large.peaks.ledger ?? 0) - (small.peaks.ledger ?? 0);
  assert.ok(more < 150, `${more} MiB`);
});

/** Sends a request that never ends. */
function endlessQuestion(): ReadableStream<Uint8Array> {
  const block = new Uint8Array(65_536).fill(0x61);
  return new ReadableStream({ pull: (controller) => controller.enqueue(block) });
}

test("questions that are bombs are refused by the ledger, which goes on in the same memory", async (t) => {
  const token = "a token of this test";
  const { fleet } = await place(t, node, tree, { LEDGER_TOKEN: token });
  const ledger = await fleet.ledger();
  const ask = (body: NonNullable<RequestInit["body"]>) =>
    fetch(`${fleet.ledgerUrl}/api/history/unchanged`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body,
      duplex: "half",
    });
  await until("the ledger answers", async () => (await ask("{}").catch(() => undefined))?.status === 400);
  const before = peakOf(ledger.pid);
  const head = '{"job":{"source":"demo","fingerprint":"f"},"directory":"","files":[';
  for (const fill of fillings) {
    const response = await ask(fill(head));
    assert.ok([400, 413].includes(response.status), `${response.status}`);
    assert.ok((await response.text()).length < 1_000);
  }
  const refused = await ask(endlessQuestion()).then(
    ({ status }) => status === 413,
    () => true,
  );
  assert.ok(refused);
  assert.equal((await ask(`${head}]}`)).status, 200);
  const more = peakOf(ledger.pid) - before;
  t.diagnostic(`${Math.round(more)} MiB more than without them`);
  assert.ok(more < 150, `${more} MiB`);
});
