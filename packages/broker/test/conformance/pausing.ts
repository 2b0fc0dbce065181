import assert from "node:assert/strict";
import { filesMessage, numberOf } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, queueOf } from "./bench.ts";

/** Subscriptions that stop for a while, or for good. */
export function pausing(check: Conformance): void {
  check(
    "a paused subscription gets no delivery while its running handlers go on; resumed, it gets deliveries again",
    async (bench, context) => {
      await using broker = await bench.broker();
      const queue = queueOf(bench, "files");
      await broker.publish([0, 1, 2, 3].map((number) => filesMessage(bench.source, number)));
      const hand = new Hand();
      await using subscription = await broker.consume(queue, { prefetch: 2 }, hand.handle);
      const running = await hand.take(2);
      await subscription.pause();
      for (const { delivery, settle } of running) {
        assert.equal(delivery.signal.aborted, false);
        settle(ack);
      }
      await broker.publish([filesMessage(bench.source, 4)]);
      await depthBecomes(broker, queue, 3, context);
      assert.equal(hand.deliveries.length, 2);
      await subscription.resume();
      for (let times = 0; times < 3; times++) {
        const { delivery, settle } = await hand.next();
        assert.equal(delivery.deliveries, 0);
        settle(ack);
      }
      assert.deepEqual(hand.deliveries.map(({ message }) => numberOf(message)).toSorted(), [0, 1, 2, 3, 4]);
    },
  );

  check("pausing and resuming may be repeated", async (bench) => {
    await using broker = await bench.broker();
    const hand = new Hand();
    await using subscription = await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
    await subscription.pause();
    await subscription.pause();
    await subscription.resume();
    await subscription.resume();
    await broker.publish([filesMessage(bench.source)]);
    (await hand.next()).settle(ack);
  });

  check(
    "a disposed subscription has waited for its handlers and left the rest uncounted",
    async (bench, context) => {
      await using broker = await bench.broker();
      const queue = queueOf(bench, "files");
      await broker.publish([0, 1, 2, 3].map((number) => filesMessage(bench.source, number)));
      const hand = new Hand();
      const subscription = await broker.consume(queue, { prefetch: 2 }, hand.handle);
      const [first, second] = await hand.take(2);
      let disposed = false;
      const disposal = subscription[Symbol.asyncDispose]().then(() => {
        disposed = true;
      });
      first?.settle(ack);
      // Every chance to end too early.
      for (let times = 0; times < 20; times++) await depthBecomes(broker, queue, 2, context);
      assert.equal(disposed, false);
      second?.settle(ack);
      await disposal;
      await subscription[Symbol.asyncDispose]();
      assert.equal(hand.deliveries.length, 2);

      const heir = new Hand();
      await using _ = await broker.consume(queue, { prefetch: 2 }, heir.handle);
      const rest = await heir.take(2);
      for (const { delivery, settle } of rest) {
        assert.equal(delivery.deliveries, 0);
        settle(ack);
      }
      assert.deepEqual(rest.map(({ delivery }) => numberOf(delivery.message)).toSorted(), [2, 3]);
    },
  );
}
