import assert from "node:assert/strict";
import { directoryMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, nothingIsLeft, queueOf } from "./bench.ts";

/** A prefetch that changes while messages are consumed. */
export function changingPrefetch(check: Conformance): void {
  check("a greater prefetch brings more deliveries at once, a smaller one fewer", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "directories");
    const messages = 40;
    await broker.publish(Array.from({ length: messages }, () => directoryMessage(bench.source)));
    const hand = new Hand();
    await using subscription = await broker.consume(queue, { prefetch: 2 }, hand.handle);
    const held = await hand.take(2);
    await subscription.setPrefetch(8);
    held.push(...(await hand.take(6)));
    await depthBecomes(broker, queue, messages - 8, context);
    assert.equal(hand.deliveries.length, 8);
    await subscription.setPrefetch(4);
    for (let settled = 0; settled < messages; settled++) {
      assert.ok(
        hand.deliveries.length <= Math.max(8, settled + 4),
        `${hand.deliveries.length} of ${settled}`,
      );
      const { settle } = held.shift() ?? (await hand.next());
      settle(ack);
    }
    await nothingIsLeft(broker, bench, context);
    assert.equal(hand.deliveries.length, messages);
  });

  check("a prefetch that was changed in a pause holds after it", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "directories");
    await broker.publish(Array.from({ length: 10 }, () => directoryMessage(bench.source)));
    const hand = new Hand();
    await using subscription = await broker.consume(queue, { prefetch: 2 }, hand.handle);
    const held = await hand.take(2);
    await subscription.pause();
    await subscription.setPrefetch(6);
    await subscription.resume();
    held.push(...(await hand.take(4)));
    for (let settled = 0; settled < 10; settled++) {
      const { settle } = held.shift() ?? (await hand.next());
      settle(ack);
    }
    await nothingIsLeft(broker, bench, context);
  });
}
