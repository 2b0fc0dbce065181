import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message, Presence } from "@brigade/core";
import { connectBrokerAdmin } from "../../../src/rabbitmq/admin/admin.ts";
import { allQueueNames } from "../../../src/rabbitmq/topology/queues.ts";
import { becomes, depthBecomes, Hand, queueOf } from "../../conformance/bench.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "../../sample-messages.ts";
import { forge, given, isRefused, nameIn, presence, rightsTest, urlOf } from "../users.ts";

rightsTest("the reports of lister and downloader reach the ledger only", async (bench, context) => {
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
  const refused = "warn: the broker refuses us the reports of other services; the work goes on";
  assert.deepEqual(bench.log.take(), [refused, refused]);
  assert.deepEqual(overheard, []);
  ledger.announce(presence("lister"));
  await becomes(() => bench.log.lines.length > 0, context);
  assert.match(bench.log.take().join(), /^warn: the broker refuses the reports of this service/);
  assert.deepEqual(bench.errors, []);
});

/** Who reads what. */
const work = { lister: "directories", downloader: "files", ledger: "records" } as const;

rightsTest(
  "listers and the ledger publish everything, downloaders batches and results",
  async (bench, context) => {
    const { source } = bench;
    const fetched: Message[] = [filesMessage(source), resultMessage(source)];
    const listed: Message[] = [directoryMessage(source), pageMessage(source)];
    for (const user of Object.keys(work)) {
      const messages = user === "downloader" ? fetched : [...listed, ...fetched];
      await (await bench.connect({ url: urlOf(user) })).publish(messages);
    }
    const guest = await bench.connect();
    for (const [queue, depth] of [
      ["directories", 2],
      ["files", 3],
      ["records", 5],
    ] as const)
      await depthBecomes(guest, queueOf(bench, queue), depth, context);
    assert.deepEqual(bench.errors, []);
  },
);

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

rightsTest(
  "a downloader's user reaches the directories by no exchange, and the records with results only",
  async (bench, context) => {
    const x = nameIn(bench);
    const [page, directory] = [pageMessage(bench.source), directoryMessage(bench.source)];
    const userId = "brigade-downloader";
    const closed = ["listing", "listing-wait.1s", "back", "back-wait.1s"];
    for (const exchange of closed) {
      await assert.rejects(forge("downloader", x(exchange), page, { userId }), isRefused, exchange);
      await assert.rejects(
        forge("downloader", x(exchange), directory, { userId, key: "directory" }),
        isRefused,
      );
    }
    for (const exchange of ["work", "wait.1s", "wait.600s"])
      for (const key of ["record", "directory"])
        assert.equal(await forge("downloader", x(exchange), page, { userId, key }), false, exchange);
    assert.equal(await forge("downloader", x("records"), directory, { userId, key: "directory" }), false);
    const ledger = await bench.connect({ url: urlOf("ledger") });
    for (const queue of ["directories", "records", "wait"] as const)
      await depthBecomes(ledger, queueOf(bench, queue), 0, context);
    assert.deepEqual(bench.errors, []);
  },
);

rightsTest("a lister's user gives nothing back in the ledger's place", async (bench) => {
  for (const exchange of ["back", "back-wait.1s"])
    await assert.rejects(forge("lister", nameIn(bench)(exchange), pageMessage(bench.source), {}), isRefused);
  const waits = nameIn(bench)("listing-wait.1s");
  assert.equal(await forge("lister", waits, resultMessage(bench.source), { key: "record" }), false);
});

test("the ledger has some right to every queue: since RabbitMQ 4.3 a queue's depth cannot be read without one", () => {
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
