import assert from "node:assert/strict";
import type { Message } from "@brigade/core";
import { pageMessage, resultMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, queueOf } from "./bench.ts";

/** What is too large. */
export function bounds(check: Conformance): void {
  check(
    "a body of more than 8 MiB is set aside undecoded, with the reason, and the next is handled",
    async (bench, context) => {
      await using broker = await bench.broker();
      const zeros = Buffer.alloc(12 * 2 ** 20, "0,").toString();
      const bomb = `{"v":1,"type":"result","pages":[${zeros}0]}`;
      await bench.inject(queueOf(bench, "records"), bomb);
      await broker.publish([resultMessage(bench.source)]);
      const hand = new Hand();
      await using _ = await broker.consume(queueOf(bench, "records"), { prefetch: 2 }, hand.handle);
      const { delivery, settle } = await hand.next();
      settle(ack);
      assert.equal(delivery.message.type, "result");
      await depthBecomes(broker, queueOf(bench, "dead"), 1, context);
      const [letter] = await bench.deadLetters(bench.source);
      assert.match(letter?.reason ?? "", /^12\d+ bytes are more than the 8388608 that a body may have/);
      assert.equal(hand.deliveries.length, 1);
    },
  );

  check("a message that is too large for one body arrives as several that say the same", async (bench) => {
    await using broker = await bench.broker();
    const record = pageMessage(bench.source);
    const directories = Array.from({ length: 20_000 }, (_, i) => `${i}`.padEnd(100, "x"));
    await broker.publish([{ ...record, directories } as Message]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "records"), { prefetch: 100 }, hand.handle);
    const arrived: string[] = [];
    while (arrived.length < directories.length) {
      const { delivery, settle } = await hand.next();
      settle(ack);
      assert.ok(delivery.message.type === "page-part");
      arrived.push(...delivery.message.record.directories);
    }
    assert.deepEqual(arrived.toSorted(), directories.toSorted());
  });
}
