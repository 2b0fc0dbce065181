import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { turn } from "../../../../test/recording-broker.ts";
import { ByteBudget, type Share } from "../../src/memory/byte-budget.ts";
import { Bucket } from "../bucket.ts";
import { batch, setUp } from "../set-up.ts";

/** Names in the order in which their bytes were given, and what each holds. */
function asking(budget: ByteBudget) {
  const granted: string[] = [];
  const shares = new Map<string, Share>();
  const ask = async (name: string, bytes: number) => {
    const share = budget.acquire(bytes);
    shares.set(name, share instanceof Promise ? await share : share);
    granted.push(name);
  };
  const give = (name: string) => shares.get(name)?.give();
  return { granted, ask: (name: string, bytes: number) => void ask(name, bytes), give };
}

describe("a byte budget", () => {
  test("gives at once what is free, without a promise", () => {
    const budget = new ByteBudget(10);
    assert.ok(!(budget.acquire(6) instanceof Promise));
    assert.ok(!(budget.acquire(4) instanceof Promise));
    assert.ok(budget.acquire(1) instanceof Promise);
  });

  test("serves in the order of asking: a small one does not overtake a large one", async () => {
    const { granted, ask, give } = asking(new ByteBudget(10));
    ask("a", 8);
    ask("large", 9);
    ask("small", 1);
    assert.deepEqual(granted, ["a"]);
    give("a");
    await turn();
    assert.deepEqual(granted, ["a", "large", "small"]);
  });

  test("gives all of it, and nothing to others, to a request for more than there is, and gets it back once", async () => {
    const budget = new ByteBudget(10);
    const { granted, ask, give } = asking(budget);
    ask("huge", 1_000);
    ask("a", 1);
    assert.deepEqual(granted, ["huge"]);
    give("huge");
    give("huge");
    await turn();
    assert.deepEqual(granted, ["huge", "a"]);
    assert.ok(!(budget.acquire(9) instanceof Promise));
    assert.ok(budget.acquire(1) instanceof Promise);
  });

  test("counts at least the configured number of bytes for each, which limits how many are begun", () => {
    const budget = new ByteBudget(10, () => 5);
    assert.ok(!(budget.acquire(1) instanceof Promise));
    assert.ok(!(budget.acquire(0) instanceof Promise));
    assert.ok(budget.acquire(0) instanceof Promise);
  });

  test("that is made smaller gives no more until enough came back, and never waits for more than there is", async () => {
    const budget = new ByteBudget(10);
    const { granted, ask, give } = asking(budget);
    ask("a", 6);
    ask("b", 4);
    ask("c", 8);
    budget.resize(5);
    give("b");
    await turn();
    assert.deepEqual(granted, ["a", "b"]);
    give("a");
    await turn();
    assert.deepEqual(granted, ["a", "b", "c"]);
    give("c");
    assert.ok(!(budget.acquire(5) instanceof Promise));
    assert.ok(budget.acquire(1) instanceof Promise);
    budget.resize(10);
    await turn();
    assert.ok(!(budget.acquire(4) instanceof Promise));
  });

  test("bounds the small bodies that a downloader has in memory", async () => {
    const names = Array.from({ length: 20 }, (_, i) => `f${i}`);
    const bucket = new Bucket(Object.fromEntries(names.map((name) => [name, "x".repeat(10)])));
    let now = 0;
    let most = 0;
    bucket.failing = async () => {
      most = Math.max(most, ++now);
      await turn();
      now--;
    };
    const { broker } = await setUp(bucket, { options: { memory: 30, concurrency: 8 } });
    assert.deepEqual(await broker.deliver("files", batch(names.map((name) => `${name}:10`))), {
      kind: "ack",
    });
    assert.equal(most, 3);
  });
});
