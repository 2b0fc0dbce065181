import assert from "node:assert/strict";
import type { Message } from "@brigade/core";
import { pageMessage, resultMessage } from "../sample-messages.ts";
import { ack, type Conformance, depthBecomes, Hand, type InHand, nothingIsLeft, queueOf } from "./bench.ts";

/** A result of about 1 MB. */
export function largeResult(source: string): Message {
  const result = resultMessage(source);
  assert.ok(result.type === "result");
  const [page] = result.pages;
  const [object] = page?.objects ?? [];
  assert.ok(page !== undefined && object !== undefined);
  const objects = Array.from({ length: 3_000 }, (_, index) => ({ ...object, index, name: "n".repeat(200) }));
  return { ...result, pages: [{ ...page, objects }] };
}

/** What is too large. */
export function bounds(check: Conformance): void {
  check("of large messages a few are handled at once, whatever the prefetch is", async (bench, context) => {
    await using broker = await bench.broker();
    const large = largeResult(bench.source);
    const bytes = JSON.stringify(large).length;
    assert.ok(bytes > 2 ** 19 && bytes < 2 ** 20);
    const messages = 48;
    for (let sent = 0; sent < messages; sent++) await broker.publish([large]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "records"), { prefetch: 512 }, hand.handle);
    const most = Math.floor(2 ** 23 / bytes);
    const held = await hand.take(most);
    for (let settled = 0; settled < messages; settled++) {
      assert.ok(hand.deliveries.length - settled <= most, `${hand.deliveries.length} of ${settled}`);
      const { settle } = held.shift() ?? (await hand.next());
      settle(ack);
    }
    await nothingIsLeft(broker, bench, context);
    assert.equal(hand.deliveries.length, messages);
  });

  check("large messages that stand aside leave room for others", async (bench) => {
    await using broker = await bench.broker();
    for (let sent = 0; sent < 16; sent++) await broker.publish([largeResult(bench.source)]);
    await broker.publish([resultMessage(bench.source)]);
    const hand = new Hand();
    await using _ = await broker.consume(queueOf(bench, "records"), { prefetch: 100 }, hand.handle);
    const held: InHand[] = [];
    while (held.length < 17) {
      const next = await hand.next();
      next.delivery.standAside();
      held.push(next);
    }
    for (const { settle } of held) settle(ack);
  });

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
