import assert from "node:assert/strict";
import { filesMessage, numberOf } from "../sample-messages.ts";
import { abortError, ack, type Conformance, Hand, queueOf } from "./bench.ts";

/** Brokers that are told to go. */
export function disposal(check: Conformance): void {
  check("a disposed broker publishes no more, and may be disposed again", async (bench) => {
    const broker = await bench.broker();
    await broker[Symbol.asyncDispose]();
    await assert.rejects(broker.publish([filesMessage(bench.source)]), abortError);
    await broker[Symbol.asyncDispose]();
  });

  check(
    "a delivery that runs while the broker is disposed is lost: aborted, ignored, delivered again",
    async (bench) => {
      const broker = await bench.broker();
      await broker.publish([0, 1].map((number) => filesMessage(bench.source, number)));
      const hand = new Hand();
      await broker.consume(queueOf(bench, "files"), { prefetch: 2 }, hand.handle);
      const [acked, thrown] = await hand.take(2);
      await broker[Symbol.asyncDispose]();
      assert.equal(acked?.delivery.signal.aborted, true);
      assert.equal(thrown?.delivery.signal.aborted, true);
      acked?.settle(ack);
      thrown?.fail(new Error("too late"));
      await using next = await bench.broker();
      const heir = new Hand();
      await using _ = await next.consume(queueOf(bench, "files"), { prefetch: 2 }, heir.handle);
      const again = await heir.take(2);
      for (const { settle } of again) settle(ack);
      assert.deepEqual(again.map(({ delivery }) => numberOf(delivery.message)).toSorted(), [0, 1]);
      assert.deepEqual(bench.errors, []);
    },
  );

  check("a subscription can be disposed after its broker", async (bench) => {
    const broker = await bench.broker();
    const subscription = await broker.consume(queueOf(bench, "files"), { prefetch: 1 }, async () => ack);
    await broker[Symbol.asyncDispose]();
    await subscription.pause();
    await subscription.resume();
    await subscription[Symbol.asyncDispose]();
  });

  check(
    "a disposal between publish and its promise leaves the message confirmed, or refused",
    async (bench) => {
      const broker = await bench.broker();
      const published = broker.publish([filesMessage(bench.source, 1)]).then(
        () => true,
        (error: unknown) => !abortError(error),
      );
      await broker[Symbol.asyncDispose]();
      const confirmed = await published;
      await using next = await bench.broker();
      const depth = await next.depth(queueOf(bench, "files"));
      assert.ok(!confirmed || depth === 1);
    },
  );
}
