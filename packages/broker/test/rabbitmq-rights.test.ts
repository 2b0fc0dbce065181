import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Message, Presence } from "@brigade/core";
import { z } from "zod";
import { startNode } from "../../../test/rabbitmq/index.ts";
import { connectBrokerAdmin } from "../src/rabbitmq/admin.ts";
import { allQueueNames } from "../src/rabbitmq/topology.ts";
import { becomes, benchTest, depthBecomes, Hand, queueOf } from "./conformance/bench.ts";
import { RabbitBench } from "./rabbitmq/bench.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "./sample-messages.ts";

const startScript = fileURLToPath(new URL("../../../deploy/broker/start.sh", import.meta.url));
const password = "of no use elsewhere";

const definitionsSchema = z.object({
  permissions: z.array(
    z.object({ user: z.string(), configure: z.string(), write: z.string(), read: z.string() }),
  ),
});

/** What the script gives each user, of its own mouth: the part of it that writes the definitions, run on another file. */
async function rights() {
  const folder = await mkdtemp(join(tmpdir(), "brigade-rights-"));
  try {
    const file = join(folder, "definitions.json");
    const [writing = ""] = (await readFile(startScript, "utf8")).split("\nchown ");
    const users = ["ADMIN", "LISTER", "DOWNLOADER", "LEDGER", "MONITOR"];
    const passwords = Object.fromEntries(users.map((user) => [`BROKER_${user}_PASSWORD`, password]));
    await promisify(execFile)("sh", ["-c", writing.replace("/etc/rabbitmq/definitions.json", file)], {
      env: { ...process.env, ...passwords },
    });
    return definitionsSchema.parse(JSON.parse(await readFile(file, "utf8"))).permissions;
  } finally {
    await rm(folder, { recursive: true });
  }
}

const node = await startNode();
after(() => node[Symbol.asyncDispose]());
const given = await rights();
for (const { user, configure, write, read } of given) {
  await node.ctl("add_user", user, password);
  await node.ctl("set_permissions", "-p", "/", user, configure, write, read);
}

function urlOf(user: string): string {
  const url = new URL(node.url);
  url.username = `brigade-${user}`;
  url.password = encodeURIComponent(password);
  return url.href;
}

const rightsTest = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(title, () => RabbitBench.create(node.url), body);

const presence = (service: "lister" | "downloader"): Presence => ({
  v: 1,
  service,
  host: "h",
  instance: service,
  at: 1,
  everyMs: 5_000,
  sources: [],
  volumes: [],
});

rightsTest(
  "lister and downloader tell how they are, and only the ledger hears it",
  async (bench, context) => {
    const [lister, downloader, ledger] = [
      await bench.connect({ url: urlOf("lister") }),
      await bench.connect({ url: urlOf("downloader") }),
      await bench.connect({ url: urlOf("ledger") }),
    ];
    bench.log.take();
    const heard = new Set<string>();
    const overheard: Presence[] = [];
    ledger.onPresence(({ instance }) => heard.add(instance));
    for (const one of [lister, downloader]) one.onPresence((presence) => overheard.push(presence));
    await becomes(() => {
      lister.announce(presence("lister"));
      downloader.announce(presence("downloader"));
      return heard.size === 2 && bench.log.lines.length >= 2;
    }, context);
    const refused = "warn: the broker does not let us hear how other services are; the work goes on";
    assert.deepEqual(bench.log.take(), [refused, refused]);
    assert.deepEqual(overheard, []);
    ledger.announce(presence("lister"));
    await becomes(() => bench.log.lines.length > 0, context);
    assert.match(bench.log.take().join(), /^warn: the broker does not let us tell others/);
    assert.deepEqual(bench.errors, []);
  },
);

/** Who reads what. */
const work = { lister: "directories", downloader: "files", ledger: "records" } as const;

rightsTest("each service publishes all work and records, the ledger too", async (bench, context) => {
  const { source } = bench;
  const messages: Message[] = [
    directoryMessage(source),
    filesMessage(source),
    pageMessage(source),
    resultMessage(source),
  ];
  for (const user of Object.keys(work)) {
    await (await bench.connect({ url: urlOf(user) })).publish(messages);
  }
  const guest = await bench.connect();
  for (const [queue, depth] of [
    ["directories", 3],
    ["files", 3],
    ["records", 6],
  ] as const)
    await depthBecomes(guest, queueOf(bench, queue), depth, context);
  assert.deepEqual(bench.errors, []);
});

rightsTest("each service reads its own queues and no others", async (bench, context) => {
  const { source } = bench;
  await bench.admin.publish([directoryMessage(source), filesMessage(source), pageMessage(source)]);
  for (const [user, own] of Object.entries(work)) {
    for (const queue of ["directories", "files", "records"] as const) {
      await using broker = await bench.connect({ url: urlOf(user) });
      const [hand, before] = [new Hand(), bench.errors.length];
      await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
      await becomes(() => bench.errors.length > before || hand.deliveries.length > 0, context);
      assert.equal(hand.deliveries.length > 0, own === queue, `${user} reads ${queue}`);
    }
  }
});

test("the ledger has some right to every queue: since RabbitMQ 4.3 a depth is not told without", () => {
  const ledger = given.find(({ user }) => user === "brigade-ledger");
  const some = [ledger?.configure, ledger?.write, ledger?.read].map((right) => new RegExp(right ?? "^$"));
  const unknown = allQueueNames("photos").filter((name) => !some.some((right) => right.test(name)));
  assert.deepEqual(unknown, []);
});

rightsTest("no service makes or removes a source's queues, whatever the source is called", async (bench) => {
  const { log } = bench;
  for (const user of Object.keys(work)) {
    for (const source of ["another", "presence"]) {
      await using admin = await connectBrokerAdmin({ url: urlOf(user), connectionName: "test", log });
      await assert.rejects(admin.declare(source), { name: "FatalError", message: /refuses user/ });
      await assert.rejects(admin.remove(source), { name: "FatalError", message: /refuses user/ });
    }
  }
});
