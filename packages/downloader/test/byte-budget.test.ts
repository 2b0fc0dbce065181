import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ByteBudget } from "../src/byte-budget.ts";
import { Bucket } from "./bucket.ts";
import { turn } from "./recording-broker.ts";
import { batch, setUp } from "./set-up.ts";

/** Names in the order in which their bytes were given. */
function asking(budget: ByteBudget) {
  const granted: string[] = [];
  const ask = (name: string, bytes: number) => {
    const waiting = budget.take(bytes);
    if (waiting === undefined) granted.push(name);
    else void waiting.then(() => granted.push(name));
  };
  return { granted, ask };
}

describe("a byte budget", () => {
  test("gives at once what is free, without a promise", () => {
    const budget = new ByteBudget(10);
    assert.equal(budget.take(6), undefined);
    assert.equal(budget.take(4), undefined);
    assert.notEqual(budget.take(1), undefined);
  });

  test("serves in the order of asking: a small one does not overtake a large one", async () => {
    const budget = new ByteBudget(10);
    const { granted, ask } = asking(budget);
    ask("a", 8);
    ask("large", 9);
    ask("small", 1);
    assert.deepEqual(granted, ["a"]);
    budget.give(8);
    await turn();
    assert.deepEqual(granted, ["a", "large", "small"]);
  });

  test("gives everything, alone, to what asks for more than there is", async () => {
    const budget = new ByteBudget(10);
    const { granted, ask } = asking(budget);
    ask("huge", 1_000);
    ask("a", 1);
    assert.deepEqual(granted, ["huge"]);
    budget.give(1_000);
    await turn();
    assert.deepEqual(granted, ["huge", "a"]);
    assert.equal(budget.take(9), undefined, "and all comes back");
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
    const { broker } = await setUp(bucket, { options: { memory: 30 } });
    assert.deepEqual(await broker.deliver("files", batch(names.map((name) => `${name}:10`))), {
      kind: "ack",
    });
    assert.equal(most, 3);
  });
});
