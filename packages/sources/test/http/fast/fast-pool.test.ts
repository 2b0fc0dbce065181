import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { UsedConnection } from "../../../src/http/fast/fast-request.ts";
import { failure } from "../../failure.ts";
import { chunked, pathOf, plain, sceneOf } from "./scene.ts";

test("after three answers in a row that are not plain, undici sends the requests, and keeps its connections", async (t) => {
  const { read, sockets, heads } = await sceneOf(t, "fast", (socket) => socket.write(chunked("body")));
  for (let n = 0; n < 10; n++) assert.equal(await read(`/${n}`), "body");
  assert.equal(heads.length, 10, "each was asked for once");
  assert.equal(sockets.size, 4);
});

test("a plain answer between others starts the count of answers that are not plain again", async (t) => {
  const { read, sockets, heads } = await sceneOf(t, "fast", (socket, head) =>
    socket.write(pathOf(head) === "/plain" ? plain("body") : chunked("body")),
  );
  for (let n = 0; n < 5; n++)
    for (const path of ["/chunked", "/plain"]) assert.equal(await read(path), "body");
  assert.equal(heads.length, 10);
  // Each answer that was not plain has ended its connection.
  assert.equal(sockets.size, 6);
});

test("requests that wait when undici takes over are answered, and each is sent once", async (t) => {
  const { read, heads } = await sceneOf(t, "fast", (socket) => socket.write(chunked("body")), {
    connections: 2,
  });
  const all = await Promise.all(Array.from({ length: 30 }, (_, n) => read(`/${n}`)));
  assert.deepEqual(new Set(all), new Set(["body"]));
  assert.equal(heads.length, 30);
});

test("a request is sent again if its kept connection was closed just as it was sent", async (t) => {
  const { read, heads, sockets } = await sceneOf(t, "fast", (socket, head, index) => {
    if (pathOf(head) === "/lost" && index === 1) socket.destroy();
    else socket.write(plain("body"));
  });
  assert.equal(await read("/first"), "body");
  assert.equal(await read("/lost"), "body");
  assert.deepEqual(heads.map(pathOf), ["/first", "/lost", "/lost"]);
  assert.equal(sockets.size, 2);
});

test("a request is sent again only once: it fails if the second connection is closed, too", async (t) => {
  const { read, heads } = await sceneOf(t, "fast", (socket, _head, index) => {
    if (index === 0) socket.write(plain("body"));
    else socket.destroy();
  });
  assert.equal(await read("/first"), "body");
  await assert.rejects(read("/lost"), failure("transport", /the connection broke off/));
  assert.deepEqual(heads.map(pathOf), ["/first", "/lost", "/lost"]);
});

test("a request fails if its new connection is closed without an answer", async (t) => {
  const { read, heads } = await sceneOf(t, "fast", (socket) => socket.destroy());
  await assert.rejects(read("/lost"), failure("transport", /the connection broke off/));
  assert.equal(heads.length, 1);
});

test("a request whose answer has begun is not sent again", async (t) => {
  const { read, heads } = await sceneOf(t, "fast", (socket, head) => {
    if (pathOf(head) === "/lost") socket.end("HTTP/1.1 200 OK\r\nContent-Le");
    else socket.write(plain("body"));
  });
  assert.equal(await read("/first"), "body");
  await assert.rejects(read("/lost"), failure("transport"));
  assert.equal(heads.length, 2);
});

test("bytes that a server sends before a request are not an answer", async (t) => {
  const { read, sockets } = await sceneOf(t, "fast", (socket) => socket.write(plain("body")));
  assert.equal(await read("/first"), "body");
  const [first] = sockets;
  const closed = once(first as Socket, "close");
  first?.write(plain("evil"));
  await closed;
  assert.equal(await read("/second"), "body");
  assert.equal(sockets.size, 2);
});

test("bytes behind an answer are not the next answer, even if they come a moment later", async (t) => {
  const { read } = await sceneOf(t, "fast", (socket, head) => {
    socket.write(plain(pathOf(head)));
    // By then the client has read the answer.
    if (pathOf(head).endsWith("5")) setImmediate(() => setImmediate(() => socket.write(plain("evil"))));
  });
  for (let n = 0; n < 50; n++) assert.equal(await read(`/${n}`), `/${n}`);
});

test("an idle connection is closed before the time that the server offers is over", async (t) => {
  const { read, sockets } = await sceneOf(t, "fast", (socket) =>
    socket.write(plain("body", ["Keep-Alive: timeout=3"])),
  );
  await read("/");
  const began = performance.now();
  const [socket] = sockets;
  await once(socket as Socket, "end");
  const ms = performance.now() - began;
  assert.ok(ms > 800 && ms < 2_500, `closed after ${ms} ms`);
});

test("a head that comes byte by byte without an end fails after the time for headers, with one request", async (t) => {
  const { read, heads } = await sceneOf(
    t,
    "fast",
    (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nX-A: ");
      const drip = setInterval(() => socket.write("a"), 5);
      socket.on("close", () => clearInterval(drip));
    },
    { timeoutMs: 300 },
  );
  const began = performance.now();
  await assert.rejects(read("/"), failure("transport", /no answer in time/));
  assert.ok(performance.now() - began < 3_000);
  assert.equal(heads.length, 1);
});

test("a connection counts as served from its answer until it is closed", async (t) => {
  const { client, url } = await sceneOf(t, "fast", (socket) =>
    socket.write(plain("body", ["Connection: close"])),
  );
  const seen: UsedConnection[] = [];
  const served: (boolean | undefined)[] = [];
  await new Promise<void>((resolve) => {
    client.dispatch(
      { origin: url, path: "/", method: "GET", headers: [], headersTimeout: 20_000, bodyTimeout: 20_000 },
      {
        onConnection: (connection: UsedConnection) => seen.push(connection),
        onResponseStart: () => {
          seen[0]?.answered();
          served.push(seen[0]?.isServed);
        },
        onResponseEnd: () => resolve(),
      },
    );
  });
  served.push(seen[0]?.isServed);
  assert.deepEqual(served, [true, false]);
});

test("a head in a few pieces leaves the connection open; a head in many pieces is read by undici", async (t) => {
  const answer = plain("body", ["X-A: some text to make it longer"]);
  const { read, sockets } = await sceneOf(t, "fast", (socket, head) => {
    void inPieces(socket, answer, Number(pathOf(head).slice(1)));
  });
  for (const path of ["/3", "/3", "/30"]) assert.equal(await read(path), "body");
  assert.equal(sockets.size, 1);
  assert.equal(await read("/3"), "body");
  assert.equal(sockets.size, 2);
});

test("the connection of a request that was aborted while it connects is used by the next request", async (t) => {
  const { ask, read, sockets, heads } = await sceneOf(t, "fast", (socket) => socket.write(plain("body")));
  const cancelling = new AbortController();
  const given = ask("/given", { signal: cancelling.signal });
  const next = read("/next");
  cancelling.abort();
  await assert.rejects(given, { name: "AbortError" });
  assert.equal(await next, "body");
  assert.deepEqual(heads.map(pathOf), ["/next"]);
  assert.equal(sockets.size, 1);
});

test("destroying the pool fails requests that were sent, that wait, and whose answers undici reads", async (t) => {
  const { ask, heads, client } = await sceneOf(
    t,
    "fast",
    (socket, head) => {
      if (pathOf(head) === "/passed")
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf");
    },
    { connections: 2 },
  );
  const { body } = await ask("/passed");
  const all = Promise.allSettled([body.bytes(), ask("/sent"), ask("/waits")]);
  while (heads.length < 2) await sleep(5);
  await client.destroy();
  for (const one of await all) {
    assert.equal(one.status, "rejected");
    assert.equal(one.reason.name, "AbortError");
  }
});

async function inPieces(socket: Socket, text: string, pieces: number): Promise<void> {
  const size = Math.ceil(text.length / pieces);
  for (let at = 0; at < text.length; at += size) {
    socket.write(text.slice(at, at + size));
    await sleep(5);
  }
}
