import assert from "node:assert/strict";
import { directoryMessage, filesMessage, numberOf, pageMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, nothingIsLeft, queueOf, release } from "./bench.ts";

/** Brokers, and those who use them, die. */
export function crashes(check: Conformance): void {
  check("what was confirmed is there after a crash", async (bench, context) => {
    const broker = await bench.broker();
    const { source } = bench;
    await broker.publish([0, 1, 2].map((number) => filesMessage(source, number)));
    await broker.publish([directoryMessage(source), pageMessage(source)]);
    await bench.crash(broker);
    await using next = await bench.broker();
    await depthBecomes(next, queueOf(bench, "files"), 3, context);
    await depthBecomes(next, queueOf(bench, "directories"), 1, context);
    await depthBecomes(next, queueOf(bench, "records"), 1, context);
  });

  check("a delivery whose consumer died comes again, counted once a death", async (bench) => {
    await (async () => {
      await using broker = await bench.broker();
      await broker.publish([filesMessage(bench.source, 9)]);
    })();
    for (let deaths = 0; deaths < 3; deaths++) {
      const broker = await bench.broker();
      const hand = new Hand();
      await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
      const { delivery } = await hand.next();
      assert.equal(delivery.deliveries, deaths);
      assert.equal(delivery.isRepeated, deaths > 0);
      assert.equal(numberOf(delivery.message), 9);
      await bench.crash(broker);
      assert.equal(delivery.signal.aborted, true);
    }
  });

  check("a crash counts for none that was still ready", async (bench) => {
    const broker = await bench.broker();
    await broker.publish([0, 1, 2, 3].map((number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    await hand.next();
    await bench.crash(broker);
    await using next = await bench.broker();
    const heir = new Hand();
    await using _ = await next.consume(queueOf(bench, "files"), { prefetch: 4 }, heir.handle);
    const all = await heir.take(4);
    for (const { settle } of all) settle(ack);
    const counts = new Map(all.map(({ delivery }) => [numberOf(delivery.message), delivery.deliveries]));
    assert.deepEqual(
      [0, 1, 2, 3].map((number) => counts.get(number)),
      [1, 0, 0, 0],
    );
  });

  check("a count survives releases", async (bench) => {
    const broker = await bench.broker();
    await broker.publish([filesMessage(bench.source)]);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    await hand.next();
    await bench.crash(broker);
    await using next = await bench.broker();
    const heir = new Hand();
    await using _ = await next.consume(queueOf(bench, "files"), { prefetch: 1 }, heir.handle);
    for (const verdict of [release, ack]) {
      const { delivery, settle } = await heir.next();
      assert.equal(delivery.deliveries, 1);
      settle(verdict);
    }
  });

  check("a retry waits on through a crash", async (bench, context) => {
    const broker = await bench.broker();
    await broker.publish([filesMessage(bench.source, 0)]);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const remainder = [filesMessage(bench.source, 1)];
    (await hand.next()).settle({ kind: "retry", remainder, delay: 1_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 1, context);
    await bench.crash(broker);
    await bench.pass(1_000);
    await using next = await bench.broker();
    const retried = new Hand();
    await using _ = await next.consume(queueOf(bench, "retry"), { prefetch: 1 }, retried.handle);
    const { delivery, settle } = await retried.next();
    settle(ack);
    assert.deepEqual(delivery.message, remainder[0]);
    await nothingIsLeft(next, bench, context);
  });

  check("a verdict after the crash counts for nothing", async (bench) => {
    const broker = await bench.broker();
    await broker.publish([filesMessage(bench.source)]);
    const hand = new Hand();
    await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const late = await hand.next();
    await bench.crash(broker);
    late.settle(ack);
    await using next = await bench.broker();
    const heir = new Hand();
    await using _ = await next.consume(queueOf(bench, "files"), { prefetch: 1 }, heir.handle);
    (await heir.next()).settle(ack);
  });
}
