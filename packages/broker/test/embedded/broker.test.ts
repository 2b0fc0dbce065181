import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { openDatabase } from "../../src/embedded/schema.ts";
import { abortError, ack, becomes, Hand } from "../conformance/bench.ts";
import { directoryMessage, filesMessage, numberOf, pageMessage } from "../sample-messages.ts";
import { embeddedTest } from "./bench.ts";

const files = { source: "photos", queue: "files" } as const;

embeddedTest("a clean disposal gives back what is held, uncounted", async (bench) => {
  const broker = await bench.broker();
  await broker.publish([0, 1, 2].map((number) => filesMessage("photos", number)));
  const hand = new Hand();
  await broker.consume(files, { prefetch: 2 }, hand.handle);
  await hand.take(2);
  await broker[Symbol.asyncDispose]();
  const next = await bench.broker();
  const heir = new Hand();
  await next.consume(files, { prefetch: 3 }, heir.handle);
  const all = await heir.take(3);
  assert.deepEqual(
    all.map(({ delivery }) => numberOf(delivery.message)),
    [0, 1, 2],
  );
  assert.deepEqual(
    all.map(({ delivery }) => delivery.deliveries),
    [0, 0, 0],
  );
});

embeddedTest("queues of a program that did not note what is repeated are gone on with", async (bench) => {
  await (await bench.broker())[Symbol.asyncDispose]();
  const db = openDatabase({ path: bench.path, maxBytes: undefined });
  db.exec("ALTER TABLE message DROP COLUMN repeated");
  db.close();
  const broker = await bench.broker();
  await broker.publish([filesMessage("photos")]);
  const hand = new Hand();
  await broker.consume(files, { prefetch: 1 }, hand.handle);
  for (const [isRepeated, verdict] of [
    [false, { kind: "release" }],
    [true, ack],
  ] as const) {
    const { delivery, settle } = await hand.next();
    assert.equal(delivery.isRepeated, isRepeated);
    settle(verdict);
  }
});

embeddedTest(
  "what was held when somebody ended the process does not count, however it ended",
  async (bench) => {
    const broker = await bench.broker();
    await broker.publish([0, 1].map((number) => filesMessage("photos", number)));
    const hand = new Hand();
    await broker.consume(files, { prefetch: 2 }, hand.handle);
    const [, released] = await hand.take(2);
    broker.absolve();
    released?.settle({ kind: "release" });
    const again = await hand.next();
    assert.equal(again.delivery.deliveries, 0);
    again.settle(ack);
    await broker.depth(files);
    await bench.crash(broker);
    const next = await bench.broker();
    const heir = new Hand();
    await next.consume(files, { prefetch: 2 }, heir.handle);
    const { delivery } = await heir.next();
    assert.deepEqual([delivery.deliveries, delivery.isRepeated], [0, true]);
  },
);

embeddedTest(
  "what is on its way to a subscription that is paused meanwhile is given back unhandled, uncounted",
  async (bench) => {
    const broker = await bench.broker();
    const hand = new Hand();
    const subscription = await broker.consume(files, { prefetch: 4 }, hand.handle);
    const published = broker.publish([0, 1].map((number) => filesMessage("photos", number)));
    await turn();
    // The store's thread hands out while this one is not listening.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    await subscription.pause();
    await published;
    assert.equal(hand.deliveries.length, 0);
    assert.deepEqual(await broker.busy("photos"), { ready: 2, delayed: 0, unacked: 0 });
    await bench.crash(broker);
    const heir = new Hand();
    await (await bench.broker()).consume(files, { prefetch: 2 }, heir.handle);
    assert.deepEqual(
      (await heir.take(2)).map(({ delivery }) => delivery.deliveries),
      [0, 0],
    );
  },
);

embeddedTest(
  "busy counts ready, delayed and unacked of all the source's queues; depth only the ready",
  async (bench) => {
    const broker = await bench.broker();
    await broker.publish([0, 1, 2].map((number) => filesMessage("photos", number)));
    await broker.publish([directoryMessage("photos"), pageMessage("photos"), filesMessage("docs")]);
    const hand = new Hand();
    await broker.consume(files, { prefetch: 2 }, hand.handle);
    const [first] = await hand.take(2);
    first?.settle({ kind: "retry", remainder: [filesMessage("photos", 5)], delay: 60_000 });
    await hand.next();
    assert.deepEqual(await broker.busy("photos"), { ready: 2, delayed: 1, unacked: 2 });
    assert.deepEqual(await broker.busy("docs"), { ready: 1, delayed: 0, unacked: 0 });
    assert.deepEqual(await broker.busy("nobody"), { ready: 0, delayed: 0, unacked: 0 });
    assert.equal(await broker.depth(files), 0);
  },
);

embeddedTest(
  "purge removes a source's ready, delayed and dead messages and leaves what is being handled",
  async (bench, context) => {
    const broker = await bench.broker();
    await broker.publish([0, 1, 2, 3].map((number) => filesMessage("photos", number)));
    await broker.publish([filesMessage("docs")]);
    const hand = new Hand();
    const subscription = await broker.consume(files, { prefetch: 3 }, hand.handle);
    const [delayed, dead, held] = await hand.take(3);
    await subscription.pause();
    delayed?.settle({ kind: "retry", remainder: [filesMessage("photos", 9)], delay: 1_000 });
    dead?.settle({ kind: "reject", reason: "no good" });
    await bench.inject({ source: "photos", queue: "records" }, "text");
    assert.equal(await broker.purge("photos"), 4);
    assert.deepEqual(await broker.busy("photos"), { ready: 0, delayed: 0, unacked: 1 });
    assert.deepEqual(await broker.deadLetters("photos"), []);
    held?.settle(ack);
    await becomes(async () => (await broker.busy("photos")).unacked === 0, context);
    assert.deepEqual(await broker.busy("docs"), { ready: 1, delayed: 0, unacked: 0 });
  },
);

embeddedTest(
  "dead letters have an id and the moment of their death, the oldest come first, and they survive",
  async (bench) => {
    const broker = await bench.broker();
    const texts = ["one", "two", "three"];
    for (const text of texts) await broker.inject(files, text);
    const subscription = await broker.consume(files, { prefetch: 3 }, async () => ack);
    await subscription[Symbol.asyncDispose]();
    await bench.crash(broker);
    const next = await bench.broker();
    assert.equal(await next.depth({ source: "photos", queue: "dead" }), 3);
    const letters = await next.deadLetters("photos", 2);
    assert.deepEqual(
      letters.map(({ body }) => body),
      ["one", "two"],
    );
    for (const { id, at } of letters) {
      assert.match(id, /^\d+$/);
      assert.equal(at, bench.clock.now());
    }
    assert.deepEqual(await next.deadLetters("docs"), []);
  },
);

embeddedTest("each delay ends when it is due, not before, in order of due times", async (bench, context) => {
  const broker = await bench.broker();
  const delays = [600_000, 60_000, 10_000, 1_000] as const;
  await broker.publish(delays.map((_, number) => filesMessage("photos", number)));
  await using _ = await broker.consume(files, { prefetch: 4 }, async ({ message }) => {
    const delay = delays[numberOf(message)] ?? 1_000;
    return { kind: "retry", remainder: [filesMessage("photos", delay)], delay };
  });
  const retry = { source: "photos", queue: "retry" } as const;
  const wait = { source: "photos", queue: "wait" } as const;
  await becomes(async () => (await broker.depth(wait)) === 4, context);
  const hand = new Hand();
  await using __ = await broker.consume(retry, { prefetch: 4 }, hand.handle);
  let passed = 0;
  for (const delay of delays.toReversed()) {
    bench.clock.advance(delay - passed - 1);
    assert.equal((await broker.busy("photos")).ready, 0);
    bench.clock.advance(1);
    passed = delay;
    const { delivery, settle } = await hand.next();
    settle(ack);
    assert.equal(numberOf(delivery.message), delay);
  }
  assert.equal(hand.deliveries.length, 4);
});

embeddedTest(
  "a clock that is set back keeps nothing waiting longer than the longest delay",
  async (bench, context) => {
    const broker = await bench.broker();
    await broker.publish([filesMessage("photos", 0)]);
    const subscription = await broker.consume(files, { prefetch: 1 }, async () => {
      return { kind: "retry", remainder: [filesMessage("photos", 1)], delay: 1_000 };
    });
    const hand = new Hand();
    await broker.consume({ source: "photos", queue: "retry" }, { prefetch: 1 }, hand.handle);
    await becomes(async () => (await broker.busy("photos")).delayed === 1, context);
    await subscription[Symbol.asyncDispose]();
    await bench.crash(broker);
    bench.clock.advance(-3_600_000);
    const next = await bench.broker();
    await next.consume({ source: "photos", queue: "retry" }, { prefetch: 1 }, hand.handle);
    assert.equal(numberOf((await hand.next()).delivery.message), 1);
  },
);

embeddedTest("what waits for a confirmation when the process goes is refused", async (bench) => {
  const broker = await bench.broker();
  const published = broker.publish([filesMessage("photos")]);
  const [outcome] = await Promise.allSettled([published, bench.crash(broker)]);
  assert.equal(outcome.status, "rejected");
  if (outcome.status === "rejected") assert.ok(abortError(outcome.reason));
});
