import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Message, Presence } from "@brigade/core";
import { connect } from "amqplib";
import { z } from "zod";
import { startNode } from "../../../test/rabbitmq/index.ts";
import { connectBrokerAdmin } from "../src/rabbitmq/admin.ts";
import { allQueueNames } from "../src/rabbitmq/topology.ts";
import { becomes, benchTest, depthBecomes, Hand, queueOf } from "./conformance/bench.ts";
import { RabbitBench } from "./rabbitmq/bench.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "./sample-messages.ts";

const startScript = fileURLToPath(new URL("../../../deploy/broker/start.sh", import.meta.url));
const password = "of no use elsewhere";
const hostPassword = "of-no-use-elsewhere";

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
      env: { ...process.env, ...passwords, BROKER_DOWNLOADERS: `attic=${hostPassword}` },
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
  await node.ctl("add_user", user, user.endsWith("attic") ? hostPassword : password);
  await node.ctl("set_permissions", "-p", "/", user, configure, write, read);
}

function urlOf(user: string): string {
  const url = new URL(node.url);
  url.username = `brigade-${user}`;
  url.password = encodeURIComponent(user.endsWith("attic") ? hostPassword : password);
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

/** Puts messages there as a user, with what he says of himself. */
async function forge(
  user: string,
  exchange: string,
  message: Message,
  { key = "record", ...properties }: { key?: string; userId?: string; headers?: object; expiration?: number },
): Promise<void> {
  const connection = await connect(urlOf(user));
  connection.on("error", () => {});
  try {
    const channel = await connection.createConfirmChannel();
    channel.on("error", () => {});
    const content = Buffer.from(JSON.stringify(message));
    await new Promise<void>((resolve, reject) => {
      channel.on("error", reject);
      channel.publish(exchange, key, content, properties, (error) => (error ? reject(error) : resolve()));
    });
  } finally {
    await connection.close().catch(() => undefined);
  }
}

rightsTest(
  "what a downloader makes up of pages and directories is believed by nobody, whatever way it takes",
  async (bench, context) => {
    const { source } = bench;
    const x = (name: string) => `brigade.${source}.x.${name}`;
    const userId = "brigade-downloader";
    const [page, directory] = [pageMessage(source), directoryMessage(source)];
    await assert.rejects(
      forge("downloader", x("records"), page, { userId: "brigade-lister" }),
      /406|PRECONDITION/,
    );
    await forge("downloader", x("records"), page, { userId });
    await forge("downloader", x("work"), page, { userId });
    await forge("downloader", x("wait.1s"), page, {
      userId,
      headers: { "x-brigade-author": "brigade-lister" },
    });
    await forge("downloader", x("work"), directory, { userId, key: "directory" });
    const [ledger, lister] = [
      await bench.connect({ url: urlOf("ledger") }),
      await bench.connect({ url: urlOf("lister") }),
    ];
    const hand = new Hand();
    await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    await lister.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
    await depthBecomes(ledger, queueOf(bench, "dead"), 4, context);
    await bench.admin.replay(source);
    await depthBecomes(ledger, queueOf(bench, "dead"), 4, context);
    for (const { reason } of await bench.admin.deadLetters(source))
      assert.match(reason, /brigade-downloader may not/);
    assert.deepEqual(hand.deliveries, []);
  },
);

rightsTest(
  "what nobody says the author of is believed until REQUIRE_USER_ID is set, then no more, given back or not",
  async (bench, context) => {
    const { source } = bench;
    await forge("downloader", `brigade.${source}.x.records`, pageMessage(source), {});
    const lenient = await bench.connect({ url: urlOf("ledger") });
    const hand = new Hand();
    const subscription = await lenient.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    assert.equal(delivery.message.type, "page");
    const left = subscription[Symbol.asyncDispose]();
    settle({ kind: "release" });
    await left;
    const strict = await bench.connect({ url: urlOf("ledger"), requireUserId: true });
    await strict.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    await depthBecomes(strict, queueOf(bench, "dead"), 1, context);
    await (await bench.connect({ url: urlOf("lister") })).publish([pageMessage(source)]);
    const believed = await hand.next();
    believed.settle({ kind: "ack" });
  },
);

rightsTest("the user of one host reports in the name of no other", async (bench, context) => {
  const { source } = bench;
  const attic = await bench.connect({ url: urlOf("downloader-attic") });
  const own = { ...resultMessage(source), host: "attic" } as Message;
  await attic.publish([resultMessage(source), own]);
  const ledger = await bench.connect({ url: urlOf("ledger") });
  const hand = new Hand();
  await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
  const { delivery, settle } = await hand.next();
  settle({ kind: "ack" });
  assert.deepEqual(delivery.message, own);
  await depthBecomes(ledger, queueOf(bench, "dead"), 1, context);
  const heard: string[] = [];
  ledger.onPresence(({ host }) => heard.push(host));
  await becomes(() => {
    attic.announce(presence("downloader"));
    attic.announce({ ...presence("downloader"), host: "attic" });
    return heard.length > 0;
  }, context);
  assert.deepEqual([...new Set(heard)], ["attic"]);
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
