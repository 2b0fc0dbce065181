import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectBody } from "@brigade/core";
import { type HttpFile, type HttpFilesOptions, parseFileUrl } from "@brigade/sources/get";
import { failure } from "../failure.ts";
import { type RawAnswer, serveRaw } from "../raw-server.ts";
import { filesOf, find, sendFile } from "./scene.ts";

const bytes = randomFillSync(Buffer.alloc(3_000_000));
const etag = '"one"';
const [from, to] = [500_000, 2_499_999];
const wanted = bytes.subarray(from, to + 1);
const slabSize = 256 * 1024;

/** The head of the answer to the range that these tests ask for. */
function head(changes: { status?: string; length?: string; more?: string } = {}): string {
  const {
    status = "HTTP/1.1 206 Partial Content",
    length = `Content-Length: ${wanted.length}\r\n`,
    more = "",
  } = changes;
  const range = `Content-Range: bytes ${from}-${to}/${bytes.length}\r\nETag: ${etag}\r\n`;
  return `${status}\r\n${length}${range}${more}\r\n`;
}

/**
 * A file on a server that answers the question for its first byte well, and every other request as
 * the test wants.
 */
async function fileOf(t: TestContext, answer: RawAnswer, options: Partial<HttpFilesOptions> = {}) {
  const { url, heads } = await serveRaw(t, (socket, request, index) => {
    if (!/^range: bytes=0-0$/im.test(request)) return answer(socket, request, index);
    const rest = `Content-Range: bytes 0-0/${bytes.length}\r\nETag: ${etag}\r\n\r\n`;
    socket.write(`HTTP/1.1 206 Partial Content\r\nContent-Length: 1\r\n${rest}`);
    socket.write(bytes.subarray(0, 1));
  });
  return { file: await find(t, `${url}/a`, options), heads };
}

/** Brings the range; tells how many of its bytes lay in the slabs that were offered. */
async function bring(file: HttpFile, signal = new AbortController().signal) {
  const body = await file.open({ from, to }, signal);
  const slabs = new Set<ArrayBufferLike>();
  const chunks: Buffer[] = [];
  let inSlabs = 0;
  const next = (): Uint8Array => {
    const slab = new Uint8Array(slabSize);
    slabs.add(slab.buffer);
    return slab;
  };
  for await (const chunk of body.chunks(next)) {
    chunks.push(Buffer.from(chunk));
    if (slabs.has(chunk.buffer)) inSlabs += chunk.byteLength;
  }
  return { got: Buffer.concat(chunks), inSlabs };
}

/** What the tap keeps in its own memory: what comes with the head. */
const mostBeforeSlabs = 128 * 1024;

test("a plain 206's body comes in the reader's slabs, and its connection is let go", {
  timeout: 20_000,
}, async (t) => {
  const closed = Promise.withResolvers<void>();
  const answer = (socket: Socket) => {
    socket.on("close", closed.resolve);
    socket.write(head());
    socket.write(wanted);
  };
  const { file, heads } = await fileOf(t, answer, { silenceTimeoutMs: 600_000 });
  const { got, inSlabs } = await bring(file);
  assert.ok(got.equals(wanted));
  assert.ok(inSlabs >= wanted.length - mostBeforeSlabs, `${inSlabs} bytes`);
  assert.equal(heads.length, 2, "no request more than before");
  await closed.promise;
});

test("a head in single bytes, and one that ends in the middle of a packet, are the same to it", async (t) => {
  const dribble = async (socket: Socket): Promise<void> => {
    for (const letter of head()) {
      socket.write(letter);
      await new Promise(setImmediate);
    }
    socket.write(wanted);
  };
  const { file } = await fileOf(t, (socket, _head, index) => {
    if (index === 1) dribble(socket).catch((error) => socket.destroy(error));
    else socket.write(Buffer.concat([Buffer.from(head()), wanted]));
  });
  for (let time = 0; time < 2; time++) {
    const { got, inSlabs } = await bring(file);
    assert.ok(got.equals(wanted));
    assert.ok(inSlabs >= wanted.length - mostBeforeSlabs, `${inSlabs} bytes`);
  }
});

test("bytes beyond the announced length are not used", async (t) => {
  const { file } = await fileOf(t, (socket) => {
    socket.write(head());
    socket.write(
      Buffer.concat([wanted, Buffer.from("HTTP/1.1 200 OK\r\n\r\n"), randomFillSync(Buffer.alloc(500_000))]),
    );
  });
  assert.ok((await bring(file)).got.equals(wanted));
});

test("a range is complete when the server closes the connection after all of it", async (t) => {
  const { file } = await fileOf(t, (socket) => {
    socket.write(head({ more: "Connection: close\r\n" }));
    socket.end(wanted);
  });
  assert.ok((await bring(file)).got.equals(wanted));
});

for (const [what, changes, encode] of [
  ["of HTTP/1.0", { status: "HTTP/1.0 206 Partial Content" }, [wanted]],
  [
    "in chunks",
    { length: "Transfer-Encoding: chunked\r\n" },
    [`${wanted.length.toString(16)}\r\n`, wanted, "\r\n0\r\n\r\n"],
  ],
  [
    "after an interim answer",
    { status: "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 206 Partial Content" },
    [wanted],
  ],
] as const)
  test(`a 206 ${what} is left to undici, and asked for once`, async (t) => {
    const { file, heads } = await fileOf(t, (socket) => {
      socket.write(head(changes));
      for (const part of encode) socket.write(part);
      if (what === "of HTTP/1.0") socket.end();
    });
    const { got, inSlabs } = await bring(file);
    assert.ok(got.equals(wanted));
    assert.equal(inSlabs, 0);
    assert.equal(heads.length, 2);
  });

test("other answers to a large range mean what they mean to a small one, and are asked for once", async (t) => {
  let says = "";
  const { file, heads } = await fileOf(t, (socket) => socket.write(says));
  for (const [answer, kind, words] of [
    ["HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nbusy", "unavailable", /503: Busy/],
    ["HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", "forbidden", /403/],
    ["HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "forbidden", /a redirect to nowhere/],
    [head({ more: "Content-Encoding: gzip\r\n" }), "forbidden", /comes compressed/],
    [head({ length: "Content-Length: 7\r\nContent-Length: 8\r\n" }), "unavailable", /there twice/],
    [head({ more: `X-Long: ${"x".repeat(200_000)}\r\n` }), "unavailable", /malformed HTTP/],
    ["SSH-2.0-OpenSSH_9.9\r\n\r\n", "unavailable", /not HTTP/],
  ] as const) {
    says = answer;
    const before = heads.length;
    await assert.rejects(bring(file), failure(kind, words), answer.slice(0, 60));
    assert.equal(heads.length, before + 1, answer.slice(0, 60));
  }
  for (const [answer, name] of [
    [head().replace(etag, '"two"'), "FileChanged"],
    [head().replace("bytes 500000", "bytes 400000"), "RangesUnusable"],
    [head({ length: "Content-Length: 7\r\n" }), "RangesUnusable"],
  ] as const) {
    says = answer;
    await assert.rejects(bring(file), { name });
  }
});

test("a redirect in the place of a large range is followed", async (t) => {
  const { file, heads } = await fileOf(t, (socket, request) => {
    if (request.startsWith("GET /a "))
      socket.write("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
    else socket.write(head(), () => socket.write(wanted));
  });
  assert.ok((await bring(file)).got.equals(wanted));
  assert.deepEqual(
    heads.map((request) => request.split(" ")[1]),
    ["/a", "/a", "/b"],
  );
});

for (const [how, leave, kind, words, more] of [
  ["closed in good order", (socket: Socket) => socket.end(), "damaged", /ended early/, ""],
  [
    "closed as was announced",
    (socket: Socket) => socket.end(),
    "damaged",
    /ended early/,
    "Connection: close\r\n",
  ],
  ["reset", (socket: Socket) => socket.resetAndDestroy(), "transport", /ECONNRESET/, ""],
  ["left silent", () => {}, "transport", /in time/, ""],
] as const)
  test(`a connection that is ${how} in the middle of a body is reported as such`, async (t) => {
    const begin = (socket: Socket) => {
      socket.write(head({ more }));
      socket.write(wanted.subarray(0, 1_000_000), () => leave(socket));
    };
    const { file } = await fileOf(t, begin, { silenceTimeoutMs: 200 });
    await assert.rejects(bring(file), failure(kind, words));
  });

test("a server that does not answer a large range is given up after the time that was set", async (t) => {
  const { file } = await fileOf(t, () => {}, { silenceTimeoutMs: 200 });
  await assert.rejects(bring(file), failure("transport", /in time/));
});

test("a reader that is slower than the limit for a silent server loses nothing", async (t) => {
  const answer = (socket: Socket) => {
    socket.write(head());
    socket.write(wanted);
  };
  const { file } = await fileOf(t, answer, { silenceTimeoutMs: 500 });
  const body = await file.open({ from, to }, new AbortController().signal);
  const chunks: Buffer[] = [];
  for await (const chunk of body.chunks()) {
    chunks.push(Buffer.from(chunk));
    // More than comes before the first pause.
    if (chunks.length === 10) await sleep(1200);
  }
  assert.ok(Buffer.concat(chunks).equals(wanted));
});

for (const [how, leave] of [
  ["aborted", (_file: HttpFile, stop: AbortController) => stop.abort()],
  ["no longer read", (_file: HttpFile, _stop: AbortController, body: ObjectBody) => body.cancel()],
] as const)
  test(`a body that is ${how} lets its connection go`, async (t) => {
    const closed = Promise.withResolvers<void>();
    const { file } = await fileOf(t, (socket) => {
      socket.on("close", closed.resolve);
      socket.write(head());
      socket.write(wanted.subarray(0, 1_000_000));
    });
    const stop = new AbortController();
    const body = await file.open({ from, to }, stop.signal);
    const reading = (async () => {
      for await (const _ of body.chunks()) leave(file, stop, body);
    })();
    await assert.rejects(reading, { name: "AbortError" });
    await closed.promise;
  });

test("what is aborted before it has a connection, or an answer, ends at once", async (t) => {
  const asked = Promise.withResolvers<void>();
  const { file, heads } = await fileOf(t, () => asked.resolve());
  await assert.rejects(bring(file, AbortSignal.abort()), { name: "AbortError" });
  const stop = new AbortController();
  const waiting = bring(file, stop.signal);
  await Promise.race([asked.promise, waiting]);
  stop.abort();
  await assert.rejects(waiting, { name: "AbortError" });
  assert.equal(heads.length, 2);
});

test("the same comes over TLS, and a certificate that does not fit is refused", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tap-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other.example", "-days", "1"],
    ...["-keyout", key, "-out", cert],
  ]);
  assert.equal(made.error, undefined, "this test needs openssl");
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    sendFile(request, response, { bytes, etag });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const url = parseFileUrl(`https://127.0.0.1:${(server.address() as AddressInfo).port}/a`);
  const never = new AbortController().signal;
  const insecure = filesOf(t, { tls: { rejectUnauthorized: false } });
  const { got, inSlabs } = await bring(await insecure.find(url, never));
  assert.ok(got.equals(wanted));
  assert.ok(inSlabs >= wanted.length - mostBeforeSlabs, `${inSlabs} bytes`);
  await assert.rejects(filesOf(t).find(url, never), failure("misconfigured", /certificate/));
});
