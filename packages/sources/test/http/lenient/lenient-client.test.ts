import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { HttpClient } from "../../../src/http/client.ts";
import { noProxies } from "../../../src/http/proxies/proxies.ts";
import { caught } from "../../failure.ts";
import { serveRaw } from "../../raw-server.ts";

const body = "x".repeat(1000);
const length = `Content-Length: ${body.length}\r\n`;
const size = body.length.toString(16);
const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/** Answers that curl reads. */
const readable = {
  "lines that end with LF": `HTTP/1.1 200 OK\nContent-Length: ${body.length}\n\n${body}`,
  "a folded header": `HTTP/1.1 200 OK\r\nX-Long: one\r\n  two\r\n\tthree\r\n${length}\r\n${body}`,
  "a control character": `HTTP/1.1 200 OK\r\nX-C: a\x01b\r\n${length}\r\n${body}`,
  "a blank before a colon": `HTTP/1.1 200 OK\r\nContent-Length : ${body.length}\r\n\r\n${body}`,
  "a head of 100 KB": `HTTP/1.1 200 OK\r\nSet-Cookie: ${"c".repeat(100_000)}\r\n${length}\r\n${body}`,
  "blanks behind a chunk's size": `${chunked}${size}  \r\n${body}\r\n0\r\n\r\n`,
  "chunks whose lines end with LF": `${chunked}${size}\n${body}\n0\n\n`,
  "lines that end with LF, and chunks": `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${size};x=y\n${body}\n0\nX-Last: 1\n\n`,
  "the same length twice": `HTTP/1.1 200 OK\r\n${length}${length}\r\n${body}`,
  "the same length twice in one header": `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}, ${body.length}\r\n\r\n${body}`,
  "a name of a header beyond ASCII": `HTTP/1.1 200 OK\r\nX-N\xe9: 1\r\n${length}\r\n${body}`,
  "a control character behind its length": `HTTP/1.1 200 OK\r\n${length}X-C: a\x01b\r\n\r\n${body}`,
  "chunks beside a Content-Length of the same sum": `HTTP/1.1 200 OK\r\n${length}Transfer-Encoding: chunked\r\n\r\n${size}\r\n${body}\r\n0\r\n\r\n`,
};
const plain = `HTTP/1.1 200 OK\r\n${length}\r\n${body}`;

async function clientOf(t: TestContext, answer: (socket: Socket, path: string, index: number) => void) {
  const server = await serveRaw(t, (socket, head, index) => answer(socket, head.split(" ")[1] ?? "", index));
  const client = new HttpClient({
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 5_000,
    silenceTimeoutMs: 500,
    proxies: noProxies,
    tls: { rejectUnauthorized: true },
    allowPrivate: false,
  });
  t.after(() => client[Symbol.asyncDispose]());
  const origin = client.origin(server.url, 4, { address: "the URL" });
  const get = async (path: string) => {
    const response = await origin.send("GET", path, ["accept", "*/*"], AbortSignal.timeout(10_000));
    return Buffer.from(await response.body.bytes()).toString();
  };
  return { ...server, get, origin };
}

for (const [what, answer] of Object.entries(readable))
  test(`an answer with ${what} is read over a connection of its own; other answers are read as before`, async (t) => {
    const { get, heads } = await clientOf(t, (socket, path) =>
      socket.write(path === "/malformed" ? answer : plain, "latin1"),
    );
    assert.equal(await get("/a"), body);
    // In the middle of a body it cannot be read anew: then the next request can.
    assert.equal(await get("/malformed").catch(() => get("/malformed")), body);
    assert.equal(await get("/malformed"), body);
    assert.equal(await get("/b"), body);
    const of = (path: string) => heads.filter((head) => head.startsWith(`GET ${path} `));
    assert.deepEqual([of("/a").length, of("/b").length, of("/malformed").length], [1, 1, 3]);
    const [first, ...later] = of("/malformed");
    assert.match(first ?? "", /^connection: keep-alive$/im);
    for (const head of later) {
      assert.match(head, /^connection: close$/im);
      assert.match(head, /^host: 127\.0\.0\.1:\d+$/im);
      assert.match(head, /^accept: \*\/\*$/im);
    }
  });

for (const [what, answer] of Object.entries({
  "two lengths": `HTTP/1.1 200 OK\nContent-Length: 5\n${length}\n${body}`,
  "two lengths in one header": `HTTP/1.1 200 OK\r\nContent-Length: 5, 1000\r\n\r\n${body}`,
  "a length that is no number": `HTTP/1.1 200 OK\nContent-Length: -1\n\n${body}`,
  "another coding before its chunks": `HTTP/1.1 200 OK\nTransfer-Encoding: gzip, chunked\n\n${size}\r\n${body}\r\n0\r\n\r\n`,
  "a version that was not asked for": `HTTP/2 200\r\n${length}\r\n${body}`,
  "a line without a colon": `HTTP/1.1 200 OK\r\nno colon\r\n${length}\r\n${body}`,
}))
  test(`an answer with ${what} is refused as malformed`, async (t) => {
    const { get, heads } = await clientOf(t, (socket) => socket.write(answer, "latin1"));
    const error = await caught(get("/malformed"));
    assert.deepEqual([error.kind, error.isMalformed], ["unavailable", true]);
    assert.match(error.message, /malformed HTTP/);
    assert.equal(heads.length, 2);
    assert.equal((await caught(get("/malformed"))).isMalformed, true);
    assert.equal(heads.length, 3, "what neither parser can read is not asked for twice");
  });

test("a malformed answer that is cut is damaged; one that stops without an end is waited for only once", async (t) => {
  let isSilent = false;
  const { get } = await clientOf(t, (socket) => {
    socket.write(`HTTP/1.1 200 OK\nContent-Length: ${body.length}\n\nhalf`);
    if (!isSilent) socket.end();
  });
  const cut = await caught(get("/malformed"));
  assert.deepEqual([cut.kind, /ended early/.test(cut.message)], ["damaged", true]);
  isSilent = true;
  assert.equal((await caught(get("/malformed"))).kind, "transport");
  assert.match((await caught(get("/malformed"))).message, /malformed HTTP/);
});

test("bytes behind a malformed answer do not become the answer to another request", async (t) => {
  const { get } = await clientOf(t, (socket, path) => {
    const malformed = `HTTP/1.1 200 OK\nContent-Length: ${body.length}\n\n${body}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`;
    socket.write(path === "/malformed" ? malformed : plain);
  });
  const all = await Promise.all(
    Array.from({ length: 20 }, (_, n) => get(n % 2 === 0 ? "/malformed" : `/${n}`)),
  );
  assert.deepEqual(new Set(all), new Set([body]));
});

test("chunks whose lines end with LF are read at once each time, without waiting for the silence timeout", async (t) => {
  const { get } = await clientOf(t, (socket) => socket.write(readable["chunks whose lines end with LF"]));
  await get("/malformed").catch(() => undefined);
  const began = performance.now();
  for (let time = 0; time < 3; time++) assert.equal(await get("/malformed"), body);
  assert.ok(performance.now() - began < 500, "the silence timeout was waited for");
});

test("the headers of a malformed answer to HEAD are read, and an aborted request is dropped", async (t) => {
  const { origin } = await clientOf(t, (socket, path) => {
    if (path === "/head") socket.write("HTTP/1.1 200 OK\nContent-Length: 7\n\n");
    else socket.write("HTTP/1.1 200 OK\nContent-Length: 7\n\nhalf");
  });
  const head = await origin.send("HEAD", "/head", [], AbortSignal.timeout(5_000));
  assert.equal(head.headers["content-length"], "7");
  const cancelling = new AbortController();
  const { body: begun } = await origin.send("GET", "/begun", [], cancelling.signal);
  const bytes = begun.bytes();
  cancelling.abort();
  await assert.rejects(bytes, { name: "AbortError" });
});
