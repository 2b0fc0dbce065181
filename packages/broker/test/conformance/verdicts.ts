import assert from "node:assert/strict";
import { MessageError } from "@brigade/core";
import { directoryMessage, filesMessage, numberOf, pageMessage } from "../sample-messages.ts";
import {
  ack,
  becomes,
  type Conformance,
  depthBecomes,
  Hand,
  nothingIsLeft,
  queueOf,
  release,
} from "./bench.ts";

/** From the handler back to the broker. */
export function verdicts(check: Conformance): void {
  check("an acked message is gone", async (bench, context) => {
    {
      await using broker = await bench.broker();
      await broker.publish([filesMessage(bench.source)]);
      const hand = new Hand();
      await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
      (await hand.next()).settle(ack);
    }
    await using broker = await bench.broker();
    await nothingIsLeft(broker, bench, context);
  });

  check("a released message comes again at once, as repeated, and it does not count", async (bench) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 7)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    for (let times = 0; times < 4; times++) {
      const { delivery, settle } = await hand.next();
      assert.deepEqual([delivery.deliveries, delivery.isRepeated], [0, times > 0]);
      assert.equal(numberOf(delivery.message), 7);
      settle(times < 3 ? release : ack);
    }
  });

  check(
    "what is postponed comes again after the delay as it was, and it does not count",
    async (bench, context) => {
      const messages = [
        directoryMessage(bench.source, 7),
        filesMessage(bench.source),
        pageMessage(bench.source),
      ];
      await using broker = await bench.broker();
      await broker.publish(messages);
      for (const [index, queue] of (["directories", "files", "records"] as const).entries()) {
        const hand = new Hand();
        await using _ = await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
        const first = await hand.next();
        first.settle({ kind: "postpone", delay: 1_000 });
        await depthBecomes(broker, queueOf(bench, "wait"), 1, context);
        assert.equal(hand.deliveries.length, 1);
        await bench.pass(1_000);
        const { delivery, settle } = await hand.next();
        assert.deepEqual(delivery.message, messages[index]);
        assert.deepEqual([delivery.deliveries, delivery.isRepeated], [0, true]);
        assert.equal(delivery.author, first.delivery.author);
        assert.notEqual(delivery.author, "");
        settle(ack);
      }
    },
  );

  check("messages of one verdict come back each after its own delay", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 0, "whole")]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const [soon, late] = [filesMessage(bench.source, 1, "soon"), filesMessage(bench.source, 2, "late")];
    const later = [{ message: late, delay: 10_000 }] as const;
    (await hand.next()).settle({ kind: "retry", remainder: [soon], delay: 1_000, later });
    await depthBecomes(broker, queueOf(bench, "wait"), 2, context);
    const retried = new Hand();
    await using __ = await broker.consume(queueOf(bench, "retry"), { prefetch: 2 }, retried.handle);
    await bench.pass(1_000);
    const first = await retried.next();
    assert.deepEqual([first.delivery.message, retried.deliveries.length], [soon, 1]);
    first.settle(ack);
    await bench.pass(9_000);
    const second = await retried.next();
    assert.deepEqual(second.delivery.message, late);
    second.settle(ack);
  });

  check("a retried batch waits, then its remainder comes in the retry queue", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 0, "whole")]);
    const hand = new Hand();
    const remainder = [filesMessage(bench.source, 1, "left"), filesMessage(bench.source, 1, "right")];
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    (await hand.next()).settle({ kind: "retry", remainder, delay: 1_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 2, context);
    const retried = new Hand();
    await using __ = await broker.consume(queueOf(bench, "retry"), { prefetch: 2 }, retried.handle);
    assert.equal(retried.deliveries.length, 0);
    await bench.pass(1_000);
    const back = await retried.take(2);
    for (const { settle } of back) settle(ack);
    assert.deepEqual(
      back.map(({ delivery }) => delivery.message),
      remainder,
    );
    assert.deepEqual(
      back.map(({ delivery }) => [delivery.deliveries, delivery.isRepeated]),
      [
        [0, false],
        [0, false],
      ],
    );
    await nothingIsLeft(broker, bench, context);
    assert.equal(hand.deliveries.length, 1);
  });

  check("a retried directory comes back among the directories", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([directoryMessage(bench.source, 0)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
    const remainder = [directoryMessage(bench.source, 1)];
    (await hand.next()).settle({ kind: "retry", remainder, delay: 1_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 1, context);
    await bench.pass(1_000);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.deepEqual(delivery.message, remainder[0]);
  });

  check("a retry without remainder is an ack", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 0), filesMessage(bench.source, 1)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    (await hand.next()).settle({ kind: "retry", remainder: [], delay: 600_000 });
    (await hand.next()).settle(ack);
    await nothingIsLeft(broker, bench, context);
    assert.deepEqual(
      hand.deliveries.map(({ message }) => numberOf(message)),
      [0, 1],
    );
  });

  check("a short delay is not kept up by a longer one before it", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 0), filesMessage(bench.source, 1)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
    const [long, short] = await hand.take(2);
    long?.settle({ kind: "retry", remainder: [filesMessage(bench.source, 10)], delay: 600_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 1, context);
    short?.settle({ kind: "retry", remainder: [filesMessage(bench.source, 11)], delay: 1_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 2, context);
    await bench.pass(1_000);
    await depthBecomes(broker, queueOf(bench, "retry"), 1, context);
    await depthBecomes(broker, queueOf(bench, "wait"), 1, context);
  });

  check("a rejected message is a dead letter with its reason, and comes no more", async (bench, context) => {
    await using broker = await bench.broker();
    const message = filesMessage(bench.source, 0);
    await broker.publish([message, filesMessage(bench.source, 1)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    (await hand.next()).settle({ kind: "reject", reason: "killed 6 processes" });
    const next = await hand.next();
    next.settle(ack);
    assert.equal(numberOf(next.delivery.message), 1);
    await depthBecomes(broker, queueOf(bench, "dead"), 1, context);
    const [letter] = await bench.deadLetters(bench.source);
    assert.equal(letter?.reason, "killed 6 processes");
    assert.deepEqual(JSON.parse(letter?.body ?? ""), message);
    await nothingIsLeft(broker, bench, context);
  });

  check("what cannot be decoded is a dead letter and reaches no handler", async (bench, context) => {
    await using broker = await bench.broker();
    const unreadable = ["no JSON, 中文", '{"v":1,"type":"files","attempt":-1}', ""];
    for (const text of unreadable) await bench.inject(queueOf(bench, "files"), text);
    await broker.publish([filesMessage(bench.source, 3)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.equal(numberOf(delivery.message), 3);
    await depthBecomes(broker, queueOf(bench, "dead"), 3, context);
    const letters = await bench.deadLetters(bench.source);
    assert.deepEqual(letters.map(({ body }) => body).toSorted(), unreadable.toSorted());
    for (const { body, reason } of letters)
      assert.match(reason, body.startsWith("{") ? /attempt/ : /not JSON/);
    assert.equal(hand.deliveries.length, 1);
  });

  check("a handler that throws a MessageError makes a dead letter", async (bench, context) => {
    await using broker = await bench.broker();
    await broker.publish([filesMessage(bench.source)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    (await hand.next()).fail(new MessageError("another fingerprint"));
    await depthBecomes(broker, queueOf(bench, "dead"), 1, context);
    assert.deepEqual(
      (await bench.deadLetters(bench.source)).map(({ reason }) => reason),
      ["another fingerprint"],
    );
    assert.deepEqual(bench.errors, []);
  });

  check(
    "any other error of a handler is reported, and the message comes again uncounted",
    async (bench, context) => {
      await using broker = await bench.broker();
      await broker.publish([directoryMessage(bench.source, 5)]);
      const hand = new Hand();
      await using _ = await broker.consume(queueOf(bench, "directories"), { prefetch: 1 }, hand.handle);
      const error = new Error("a bug");
      (await hand.next()).fail(error);
      await becomes(() => bench.errors.length > 0, context);
      await bench.pass(1_000);
      const { delivery, settle } = await hand.next();
      settle(ack);
      assert.equal(delivery.deliveries, 0);
      assert.equal(numberOf(delivery.message), 5);
      assert.deepEqual(bench.errors, [error]);
    },
  );
}
