import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { MessageError } from "@brigade/core";
import { decodeWithCare } from "../src/decode-with-care.ts";
import { filesMessage } from "./sample-messages.ts";

const message = filesMessage("photos");
const body = JSON.stringify(message);

test("a message whose delivery was lost three times is decoded by a thread of its own first, and handled if that thread survives", async () => {
  for (const losses of [0, 2, 3, 100]) {
    const decoded = decodeWithCare(Buffer.from(body), losses);
    assert.equal(decoded instanceof Promise, losses >= 3);
    assert.deepEqual(await decoded, message);
  }
  assert.deepEqual(await decodeWithCare(body, 3), message);
  await assert.rejects(async () => await decodeWithCare("{", 3), /not JSON/);
});

test("a message that ends three such threads is dead, with the reason, and the process goes on", async () => {
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

test("a process that is held up for longer than a thread may take does not count that against the message", async () => {
  const files = Array.from({ length: 60_000 }, (_, index) => ({
    index,
    name: `f${index}`.padEnd(60, "x"),
    size: 1,
  }));
  const large = { ...message, slices: [{ page: "p1", directory: "d", files }] };
  const pause = new Int32Array(new SharedArrayBuffer(4));
  // as when the process is stopped, or its machine sleeps: all that became due meanwhile is found
  // due at once
  const holdingUp = setInterval(() => Atomics.wait(pause, 0, 0, 120), 1);
  try {
    const decoded = await decodeWithCare(JSON.stringify(large), 3, { memory: 96, time: 100 });
    assert.deepEqual(decoded, large);
  } finally {
    clearInterval(holdingUp);
  }
});

test("where no file can be opened, and so no thread started, the message does not count as undecodable", async () => {
  const script = new URL("./decode-without-files.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)("prlimit", ["--nofile=60", process.execPath, script]);
  assert.deepEqual(stdout.trim().split("\n"), ["HostError limits", "files"]);
});
