import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { ThreadLink } from "../../src/thread/thread-link.ts";

/** Answers each number with its double, fails at 0 and ends at -1. */
const program = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (n) => {
    if (n < 0) process.exit();
    parentPort.postMessage(n === 0 ? { failure: "nothing to double" } : { double: 2 * n });
  });
`;

type Message = { readonly double: number } | { readonly failure: string };

function startThread() {
  return new ThreadLink<number, Message, number>(new Worker(program, { eval: true }), {
    read: (message) => {
      if ("failure" in message) throw new Error(message.failure);
      return message.double;
    },
    whenEnded: () => new Error("the thread has ended"),
  });
}

test("each question gets its own answer, in the order of the questions, or its own failure", async () => {
  const link = startThread();
  const asked = [1, 0, 3].map((n) => link.ask(n));
  assert.equal(link.waiting, 3);
  const settled = await Promise.allSettled(asked);
  assert.deepEqual(
    settled.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
    [2, "Error: nothing to double", 6],
  );
  assert.equal(link.waiting, 0);
  await link.end();
});

test("when the thread is lost, what waits is rejected, and so is what is asked later", async () => {
  const link = startThread();
  const asked = await Promise.allSettled([link.ask(-1), link.ask(1)]);
  assert.deepEqual(
    asked.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  await assert.rejects(link.ask(2), /the thread has ended/);
  await link.end();
});
