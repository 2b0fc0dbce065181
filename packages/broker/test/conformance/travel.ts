import assert from "node:assert/strict";
import type { QueueKind } from "@brigade/core";
import { directoryMessage, filesMessage, numberOf, pageMessage, resultMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, queueOf } from "./bench.ts";

/** From publishing to the handler. */
export function travel(check: Conformance): void {
  check("messages arrive as they were published, each in its type's queue", async (bench) => {
    await using broker = await bench.broker();
    const { source } = bench;
    const page = pageMessage(source);
    const result = resultMessage(source);
    await broker.publish([directoryMessage(source), filesMessage(source), page, result]);
    const expected: [QueueKind, unknown[]][] = [
      ["directories", [directoryMessage(source)]],
      ["files", [filesMessage(source)]],
      ["records", [page, result]],
    ];
    for (const [queue, messages] of expected) {
      const hand = new Hand();
      await using _ = await broker.consume(queueOf(bench, queue), { prefetch: 1 }, hand.handle);
      for (const message of messages) {
        const { delivery, settle } = await hand.next();
        settle(ack);
        assert.deepEqual(delivery.message, message);
        assert.deepEqual(delivery.queue, queueOf(bench, queue));
        assert.equal(delivery.deliveries, 0);
        assert.equal(delivery.signal.aborted, false);
      }
    }
  });

  check("a message of a megabyte arrives whole", async (bench) => {
    await using broker = await bench.broker();
    const message = filesMessage(bench.source, 0, "猫".repeat(350_000));
    await broker.publish([message]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, hand.handle);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.deepEqual(delivery.message, message);
  });

  check("a consumer of one source gets no message of another", async (bench, context) => {
    await using broker = await bench.broker();
    const otherSource = await bench.otherSource();
    const other = { source: otherSource, queue: "files" } as const;
    await broker.publish([filesMessage(otherSource, 1), filesMessage(bench.source, 2)]);
    await depthBecomes(broker, queueOf(bench, "files"), 1, context);
    await depthBecomes(broker, other, 1, context);
    const hand = new Hand();
    await using _ = await broker.consume(other, { prefetch: 5 }, hand.handle);
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.equal(delivery.message.job.source, otherSource);
    assert.equal(await broker.depth(queueOf(bench, "files")), 1);
  });

  check("messages that were never delivered come in the order of publishing", async (bench) => {
    await using broker = await bench.broker();
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    await broker.publish(numbers.slice(0, 30).map((number) => filesMessage(bench.source, number)));
    await broker.publish(numbers.slice(30).map((number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "files"), { prefetch: 7 }, hand.handle);
    for (const number of numbers) {
      const { delivery, settle } = await hand.next();
      settle(ack);
      assert.equal(numberOf(delivery.message), number);
    }
  });

  check("as many handlers run at once as the prefetch says, for each consumer", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "files");
    await broker.publish(Array.from({ length: 12 }, (_, number) => filesMessage(bench.source, number)));
    const first = new Hand();
    const second = new Hand();
    await using _ = await broker.consume(queue, { prefetch: 3 }, first.handle);
    const held = await first.take(3);
    await depthBecomes(broker, queue, 9, context);
    await using __ = await broker.consume(queue, { prefetch: 2 }, second.handle);
    held.push(...(await second.take(2)));
    await depthBecomes(broker, queue, 7, context);
    assert.deepEqual([first.deliveries.length, second.deliveries.length], [3, 2]);
    held.pop()?.settle(ack);
    held.push(await second.next());
    await depthBecomes(broker, queue, 6, context);
    assert.deepEqual([first.deliveries.length, second.deliveries.length], [3, 3]);
    for (const { settle } of held) settle(ack);
    for (const { settle } of [...(await first.take(3)), ...(await second.take(2))]) settle(ack);
    (await Promise.race([first.next(), second.next()])).settle(ack);
    assert.equal(first.deliveries.length + second.deliveries.length, 12);
  });

  check("what is ready goes to the consumer that is first", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "retry");
    const others = new Hand();
    const first = new Hand();
    await using _ = await broker.consume(queue, { prefetch: 4 }, others.handle);
    await using __ = await broker.consume(queue, { prefetch: 1, isFirst: true }, first.handle);
    await broker.publish([filesMessage(bench.source)]);
    const feeder = new Hand();
    await using ___ = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, feeder.handle);
    const remainder = [1, 2, 3].map((number) => filesMessage(bench.source, number));
    (await feeder.next()).settle({ kind: "retry", remainder, delay: 1_000 });
    await depthBecomes(broker, queueOf(bench, "wait"), 3, context);
    await bench.pass(1_000);
    const taken = [await first.next(), ...(await others.take(2))];
    assert.equal(first.deliveries.length, 1);
    for (const { settle } of taken) settle(ack);
  });

  check("a handler may publish into the queue that it consumes", async (bench) => {
    await using broker = await bench.broker();
    const depths = Promise.withResolvers<number[]>();
    const seen: number[] = [];
    await broker.publish([directoryMessage(bench.source, 0)]);
    await using _ = await broker.consume(
      queueOf(bench, "directories"),
      { prefetch: 1 },
      async ({ message }) => {
        const number = numberOf(message);
        seen.push(number);
        if (number < 5) await broker.publish([directoryMessage(bench.source, number + 1)]);
        else depths.resolve(seen);
        return ack;
      },
    );
    assert.deepEqual(await depths.promise, [0, 1, 2, 3, 4, 5]);
  });

  check("publishing nothing is done at once", async (bench) => {
    await using broker = await bench.broker();
    await broker.publish([]);
  });

  check("the queues of delayed and dead messages cannot be consumed", async (bench) => {
    await using broker = await bench.broker();
    for (const queue of ["wait", "dead"] as const)
      await assert.rejects(
        broker.consume(queueOf(bench, queue), { prefetch: 1 }, async () => ack),
        TypeError,
      );
  });
}
