import assert from "node:assert/strict";
import type { Message, Verdict } from "@brigade/core";
import { becomes, depthBecomes, Hand, queueOf } from "../../conformance/bench.ts";
import { directoryMessage, pageMessage, resultMessage } from "../../sample-messages.ts";
import { forge, nameIn, presence, rightsTest, urlOf } from "../users.ts";

rightsTest(
  "pages and directories that a downloader makes up are refused, with an author or without, replayed or not",
  async (bench, context) => {
    const { source } = bench;
    const x = nameIn(bench);
    const userId = "brigade-downloader";
    const page = pageMessage(source);
    await assert.rejects(
      forge("downloader", x("records"), page, { userId: "brigade-lister" }),
      /406|PRECONDITION/,
    );
    const asLister = { "x-brigade-author": "brigade-lister" };
    await forge("downloader", x("records"), page, { userId });
    await forge("downloader", x("records"), page, { userId, headers: asLister });
    await forge("downloader", x("records"), page, {});
    await forge("downloader", x("records"), page, { headers: asLister });
    await forge("downloader", x("dead"), page, { key: "dead", headers: asLister });
    await forge("downloader", x("dead"), page, { key: "dead", headers: asLister, userId });
    await forge("downloader", x("dead"), directoryMessage(source), { key: "dead" });
    const [ledger, lister] = [
      await bench.connect({ url: urlOf("ledger") }),
      await bench.connect({ url: urlOf("lister") }),
    ];
    const hand = new Hand();
    await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    await lister.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
    await depthBecomes(ledger, queueOf(bench, "dead"), 7, context);
    await bench.admin.replay(source);
    await depthBecomes(ledger, queueOf(bench, "dead"), 7, context);
    for (const { reason } of await bench.admin.deadLetters(source))
      assert.match(reason, /brigade-downloader may not|everybody may write/);
    assert.deepEqual(hand.deliveries, []);
  },
);

rightsTest(
  "a result without an author is accepted until REQUIRE_USER_ID is set, then no more, given back or not",
  async (bench, context) => {
    const { source } = bench;
    await forge("downloader", nameIn(bench)("records"), resultMessage(source), {});
    const lenient = await bench.connect({ url: urlOf("ledger") });
    const hand = new Hand();
    const subscription = await lenient.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    assert.equal(delivery.author, "");
    const left = subscription[Symbol.asyncDispose]();
    settle({ kind: "release" });
    await left;
    const strict = await bench.connect({ url: urlOf("ledger"), requireUserId: true });
    await strict.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
    await depthBecomes(strict, queueOf(bench, "dead"), 1, context);
    await (await bench.connect({ url: urlOf("lister") })).publish([pageMessage(source)]);
    const believed = await hand.next();
    assert.equal(believed.delivery.author, "brigade-lister");
    believed.settle({ kind: "ack" });
  },
);

rightsTest("a record keeps its author when it is given back, and when it waits", async (bench) => {
  const { source } = bench;
  await (await bench.connect({ url: urlOf("downloader") })).publish([resultMessage(source)]);
  const ledger = await bench.connect({ url: urlOf("ledger") });
  const hand = new Hand();
  await ledger.consume(queueOf(bench, "records"), { prefetch: 1 }, hand.handle);
  const verdicts: Verdict[] = [{ kind: "release" }, { kind: "postpone", delay: 1_000 }, { kind: "ack" }];
  for (const verdict of verdicts) {
    const { delivery, settle } = await hand.next();
    assert.equal(delivery.author, "brigade-downloader");
    assert.equal(delivery.deliveries, 0);
    settle(verdict);
  }
});

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
  ledger.onPresence(({ host }, user) => heard.push(`${user} of ${host}`));
  await becomes(() => {
    attic.announce(presence("downloader"));
    attic.announce({ ...presence("downloader"), host: "attic" });
    return heard.length > 0;
  }, context);
  assert.deepEqual([...new Set(heard)], ["brigade-downloader-attic of attic"]);
});
