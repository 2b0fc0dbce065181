import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageError } from "@brigade/core";
import { decodeWithCare } from "../src/decode-with-care.ts";
import { filesMessage } from "./sample-messages.ts";

const message = filesMessage("photos");
const body = JSON.stringify(message);

test("a message whose delivery was lost three times is decoded by a thread of its own first, and handled if that lives", async () => {
  for (const losses of [0, 2, 3, 100]) {
    const decoded = decodeWithCare(Buffer.from(body), losses);
    assert.equal(decoded instanceof Promise, losses >= 3);
    assert.deepEqual(await decoded, message);
  }
  assert.deepEqual(await decodeWithCare(body, 3), message);
  await assert.rejects(async () => await decodeWithCare("{", 3), /not JSON/);
});

test("a message that is the end of three such threads is dead, with the reason; the process lives on", async () => {
  const objects = Buffer.alloc(900_000, "{},").toString();
  const bomb = `{"v":1,"type":"result","pages":[${objects}{}]}`;
  await assert.rejects(
    async () => await decodeWithCare(bomb, 3, { memory: 8, time: 60_000 }),
    (error) => {
      assert.ok(error instanceof MessageError);
      assert.match(error.message, /^3 threads died while they decoded it alone: .*memory/);
      return true;
    },
  );
  await assert.rejects(
    async () => await decodeWithCare(body, 3, { memory: 96, time: 1 }),
    /3 threads died while they decoded it alone: it took longer than 1 ms/,
  );
});
