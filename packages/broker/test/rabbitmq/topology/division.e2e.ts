import assert from "node:assert/strict";
import type { Verdict } from "@brigade/core";
import { warmUpMs } from "../../../src/rabbitmq/topology/queues.ts";
import {
  ack,
  becomes,
  benchTest,
  depthBecomes,
  Hand,
  nothingIsLeft,
  queueOf,
} from "../../conformance/bench.ts";
import { directoryMessage, filesMessage, pageMessage, resultMessage } from "../../sample-messages.ts";
import { RabbitBench } from "../bench.ts";
import { forge, nameIn, node, urlOf } from "../users.ts";
import { declareUndivided } from "./undivided.ts";

/** With the exchanges and queues that the version before has made. */
const before = (title: string, body: Parameters<typeof benchTest<RabbitBench>>[2]) =>
  benchTest(
    title,
    async () => {
      const bench = await RabbitBench.bare(node.url);
      await declareUndivided(node.url, bench.source);
      return bench;
    },
    body,
  );

before(
  "a source of the version before goes on as it is while something is in its queues",
  async (bench, context) => {
    const { admin, source } = bench;
    const work = { lister: "directories", downloader: "files", ledger: "records" } as const;
    const lister = await bench.connect({ url: urlOf("lister") });
    await lister.publish([directoryMessage(source), filesMessage(source), pageMessage(source)]);
    assert.equal(await admin.declare(source), "there");
    for (const [user, queue] of Object.entries(work)) {
      const broker = await bench.connect({ url: urlOf(user) });
      assert.deepEqual(await broker.missingQueues(source), []);
      const hand = new Hand();
      await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
      const verdicts: Verdict[] = [{ kind: "release" }, { kind: "postpone", delay: 1_000 }, { kind: "ack" }];
      for (const verdict of verdicts) {
        const { delivery, settle } = await hand.next();
        if (queue === "records") assert.equal(delivery.author, "brigade-lister");
        settle(verdict);
      }
    }
    await nothingIsLeft(lister, bench, context);
    assert.deepEqual(await admin.deadLetters(source), []);
  },
);

before("there a page without an author is believed, as listers of then make them", async (bench) => {
  await forge("downloader", nameIn(bench)("records"), pageMessage(bench.source), {});
  const ledger = await bench.connect({ url: urlOf("ledger") });
  const hand = new Hand();
  await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
  (await hand.next()).settle(ack);
});

before(
  "once its queues are empty, `start` closes the ways of everybody to pages and directories",
  async (bench) => {
    const { admin, source } = bench;
    const x = nameIn(bench);
    assert.equal(await admin.declare(source), "made");
    assert.equal(await admin.declare(source), "there");
    const page = pageMessage(source);
    for (const key of ["directory", "record"]) {
      assert.equal(await forge("lister", x("work"), page, { key }), false);
      assert.equal(await forge("lister", x("wait.1s"), page, { key }), false);
    }
  },
);

before(
  "a downloader of the version before works with a source whose ways are divided",
  async (bench, context) => {
    const { admin, source } = bench;
    const x = nameIn(bench);
    await admin.declare(source);
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    const files = filesMessage(source);
    // It says no user.
    assert.ok(await forge("downloader", x("records"), resultMessage(source), { key: "record" }));
    assert.ok(await forge("downloader", x("work"), files, { key: "file" }));
    assert.ok(await forge("downloader", x("wait.1s"), files, { key: "retry" }));
    assert.ok(await forge("downloader", x("dead"), files, { key: "dead" }));
    const ledger = await bench.connect({ url: urlOf("ledger") });
    const downloader = await bench.connect({ url: urlOf("downloader") });
    await depthBecomes(ledger, queueOf(bench, "dead"), 1, context);
    const hand = new Hand();
    await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    for (const queue of ["files", "retry"] as const)
      await downloader.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
    for (const { settle } of await hand.take(3)) settle(ack);
    await becomes(() => hand.deliveries.length === 3, context);
  },
);

before("services that were at work before it go on by the new ways", async (bench) => {
  const { admin, source } = bench;
  const lister = await bench.connect({ url: urlOf("lister") });
  const hand = new Hand();
  await lister.publish([directoryMessage(source, 1)]);
  await lister.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
  (await hand.next()).settle(ack);
  await admin.declare(source);
  await lister.publish([directoryMessage(source, 2)]);
  const { delivery, settle } = await hand.next();
  assert.equal(delivery.author, "brigade-lister");
  settle(ack);
});
