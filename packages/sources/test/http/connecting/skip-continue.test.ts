import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { filesOf, read } from "../../http-file/scene.ts";
import { serveRaw } from "../../raw-server.ts";
import { signal } from "../../scenario.ts";

const kib = 1024;
const bytes = Buffer.alloc(4096 * kib, "HTTP/1.1 100 Continue\r\n\r\n");
const unasked = "HTTP/1.1 100 Continue\r\n\r\n";

/**
 * A server of these bytes in ranges, over connections that stay; `before` is said before each
 * answer.
 */
async function serveAfter(t: TestContext, before: (socket: Socket) => Promise<void>) {
  return await serveRaw(t, (socket, head) => {
    const [, from = "", to = ""] = /range: bytes=(\d+)-(\d+)/i.exec(head) ?? [];
    const part = bytes.subarray(Number(from), Number(to) + 1);
    const range = `Content-Length: ${part.length}\r\nContent-Range: bytes ${from}-${to}/${bytes.length}\r\n`;
    const answer = () => {
      socket.write(`HTTP/1.1 206 Partial\r\n${range}ETag: "1"\r\n\r\n`);
      socket.write(part);
    };
    before(socket).then(answer, () => socket.destroy());
  });
}

for (const [what, before] of [
  ["once", async (socket) => void socket.write(unasked)],
  [
    "with headers of its own, and several times",
    async (socket) => void socket.write(`HTTP/1.0 100 Go on\r\nX-Y: z\r\n\r\n${unasked}`),
  ],
  [
    "byte by byte",
    async (socket) => {
      for (const letter of unasked) {
        socket.write(letter);
        await sleep(1);
      }
    },
  ],
  ["not at all", async () => {}],
] satisfies [string, (socket: Socket) => Promise<void>][])
  test(`an answer after an unrequested 100 Continue, ${what}, is read, and a body that looks like 100 Continue is unchanged`, async (t) => {
    const { url, heads } = await serveAfter(t, before);
    const file = await filesOf(t).find(new URL(`${url}/a.bin`), signal());
    for (const [from, to] of [
      [0, 99],
      [3, 70 * kib],
      // Over a connection of its own.
      [5, 2048 * kib],
    ] as const)
      assert.ok((await read(file, from, to)) === bytes.subarray(from, to + 1).toString(), `${from} to ${to}`);
    assert.equal(heads.length, 4);
  });
