import assert from "node:assert/strict";
import { filesMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, nothingIsLeft, queueOf } from "./bench.ts";

/** Deliveries of which little is left give their place to others. */
export function standingAside(check: Conformance): void {
  check("another delivery takes the place of one that stands aside", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "files");
    await broker.publish([0, 1, 2, 3, 4].map((number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await using _ = await broker.consume(queue, { prefetch: 1 }, hand.handle);
    const slow = await hand.next();
    slow.delivery.standAside();
    slow.delivery.standAside();
    for (let times = 0; times < 3; times++) (await hand.next()).settle(ack);
    const last = await hand.next();
    slow.settle(ack);
    last.settle(ack);
    await nothingIsLeft(broker, bench, context);
  });

  check("as many as the prefetch stand aside, not more", async (bench, context) => {
    await using broker = await bench.broker();
    const queue = queueOf(bench, "files");
    await broker.publish(Array.from({ length: 9 }, (_, number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await using _ = await broker.consume(queue, { prefetch: 2 }, hand.handle);
    const held = await hand.take(2);
    for (let times = 0; times < 2; times++) {
      held[times]?.delivery.standAside();
      held.push(await hand.next());
    }
    for (const { delivery } of held) delivery.standAside();
    await depthBecomes(broker, queue, 5, context);
    // One that is settled lets another one in, whether it stood aside or not.
    for (const { settle } of held.splice(0)) settle(ack);
    for (let times = 0; times < 5; times++) (await hand.next()).settle(ack);
    await nothingIsLeft(broker, bench, context);
    assert.equal(hand.deliveries.length, 9);
  });

  check("what stands aside comes again when its consumer dies", async (bench) => {
    const broker = await bench.broker();
    const queue = queueOf(bench, "files");
    await broker.publish([0, 1].map((number) => filesMessage(bench.source, number)));
    const hand = new Hand();
    await broker.consume(queue, { prefetch: 1 }, hand.handle);
    (await hand.next()).delivery.standAside();
    await hand.next();
    await bench.crash(broker);
    await using next = await bench.broker();
    const heir = new Hand();
    await using _ = await next.consume(queue, { prefetch: 2 }, heir.handle);
    for (const { delivery, settle } of await heir.take(2)) {
      assert.equal(delivery.deliveries, 1);
      settle(ack);
    }
  });
}
