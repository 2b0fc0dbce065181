import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { failure } from "../../failure.ts";
import { entry, serve, signal, sourceFor } from "../../scenario.ts";

const md5 = "7ac66c0f148de9519b8bd264312c4d64";
const pieces = Buffer.from("0123456789".repeat(10_000));

/** Headers that make the end of the body the end of the connection, which proves nothing. */
function withoutLength(response: ServerResponse): ServerResponse {
  response.useChunkedEncodingByDefault = false;
  return response.writeHead(200, { connection: "close" });
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

test("gives the body in the memory that it is given, whole, with the values of its headers", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, {
      "content-length": pieces.length,
      "content-md5": `"${md5.toUpperCase()}"`,
      "last-modified": "Wed, 09 Nov 2016 14:26:58 GMT",
    });
    response.end(pieces);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", pieces.length), undefined, signal());
  assert.deepEqual(
    [body.size, body.md5, body.modified, body.variant],
    [pieces.length, md5, 1478701618, false],
  );
  const asked: number[] = [];
  const memory = new Uint8Array(new SharedArrayBuffer(pieces.length + 100), 100, pieces.length);
  const bytes = await body.bytes((size) => {
    asked.push(size);
    return memory;
  });
  assert.equal(bytes, memory);
  assert.ok(pieces.equals(bytes));
  assert.deepEqual(asked, [pieces.length]);
});

test("gives the same by chunks, of a chunked body without a length", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.write(pieces.subarray(0, 10));
    response.end(pieces.subarray(10));
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", pieces.length), undefined, signal());
  assert.equal(body.size, undefined);
  assert.ok(pieces.equals(await collect(body.chunks())));
  const again = await source.open(entry("a", pieces.length), undefined, signal());
  assert.ok(pieces.equals(await again.bytes()));
});

test("accepts an empty body", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(200, { "content-length": 0 }).end(),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  assert.equal((await (await source.open(entry("a", 0), undefined, signal())).bytes()).byteLength, 0);
  assert.equal((await collect((await source.open(entry("a", 0), undefined, signal())).chunks())).length, 0);
});

test("uses an ETag in MD5 form as MD5, but no weak one and no other", async (t) => {
  const etags: Record<string, string> = { strong: `"${md5}"`, weak: `W/"${md5}"`, other: '"5f2-abc"' };
  const { url } = await serve(t, ({ url: path = "" }, response) => {
    response.writeHead(200, { etag: etags[path.slice(8)] }).end("x");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const found: (string | undefined)[] = [];
  for (const key of Object.keys(etags)) {
    const body = await source.open(entry(key, 1), undefined, signal());
    found.push(body.md5);
    body.cancel();
  }
  assert.deepEqual(found, [md5, undefined, undefined]);
});

for (const [title, length] of [
  ["with a length", { "content-length": 1000 }],
  ["in chunks", {}],
] as const) {
  test(`rejects a body ${title} that ends early, by bytes and by chunks`, async (t) => {
    const { url } = await serve(t, (_request, response) => {
      response.writeHead(200, length);
      response.write("short", () => response.socket?.end());
    });
    const source = sourceFor(t, { UPYUN_ENDPOINT: url });
    const open = () => source.open(entry("a", 1000), undefined, signal());
    await assert.rejects((await open()).bytes(), failure("damaged", /ended early/));
    await assert.rejects(collect((await open()).chunks()), failure("damaged", /ended early/));
  });
}

test("distinguishes a broken connection from a body that ended early", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-length": 1000 });
    response.write("short", () => response.socket?.resetAndDestroy());
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(
    async () => (await source.open(entry("a", 1000), undefined, signal())).bytes(),
    failure("transport"),
  );
});

test("accepts a body that is not delimited only in its listed size", async (t) => {
  const { url } = await serve(t, (_request, response) => withoutLength(response).end("12345"));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const open = (size: number) => source.open(entry("a", size), undefined, signal());
  assert.equal((await (await open(5)).bytes()).byteLength, 5);
  assert.equal((await collect((await open(5)).chunks())).length, 5);
  await assert.rejects((await open(6)).bytes(), failure("damaged", /5 of 6/));
  await assert.rejects(collect((await open(6)).chunks()), failure("damaged", /5 of 6/));
});

test("ends a body that falls silent, before and after its first bytes", async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    if (path === "/bucket/headers") return;
    response.writeHead(200, { "content-length": 10 });
    response.write("12345");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, SILENCE_TIMEOUT_MS: "50", HEADERS_TIMEOUT_MS: "50" });
  await assert.rejects(
    source.open(entry("headers", 10), undefined, signal()),
    failure("transport", /in time/),
  );
  const body = await source.open(entry("body", 10), undefined, signal());
  await assert.rejects(body.bytes(), failure("transport", /in time/));
});

test("does not read ahead of a slow reader without bound", async (t) => {
  const total = 64 * 1024 * 1024;
  let sent = 0;
  const stalled = Promise.withResolvers<void>();
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-length": total });
    const piece = Buffer.alloc(1024 * 1024);
    const more = () => {
      while (sent < total) {
        sent += piece.length;
        if (!response.write(piece)) {
          if (sent < total) response.once("drain", more);
          break;
        }
      }
      if (sent >= total) response.end();
    };
    more();
    // The reader reads nothing: when nothing drains for a while, back-pressure has arrived here.
    let seen = -1;
    const watch = setInterval(() => {
      if (seen === sent) {
        clearInterval(watch);
        stalled.resolve();
      }
      seen = sent;
    }, 100);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", total), undefined, signal());
  await stalled.promise;
  assert.ok(sent < total, "everything was sent to a reader that reads nothing");
  let size = 0;
  for await (const chunk of body.chunks()) size += chunk.byteLength;
  assert.equal(size, total);
});

test("aborts while the headers are awaited, in mid-body, and before it begins", async (t) => {
  const arrived = Promise.withResolvers<void>();
  const { url, asked } = await serve(t, ({ url: path }, response) => {
    if (path === "/bucket/headers") arrived.resolve();
    else response.writeHead(200, { "content-length": 10 }).write("12345");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });

  const early = new AbortController();
  const opening = source.open(entry("headers", 10), undefined, early.signal);
  await arrived.promise;
  early.abort();
  await assert.rejects(opening, { name: "AbortError" });

  const late = new AbortController();
  const body = await source.open(entry("body", 10), undefined, late.signal);
  const bytes = body.bytes();
  late.abort(new Error("any reason"));
  await assert.rejects(bytes, { name: "AbortError" });

  const before = asked.length;
  await assert.rejects(source.open(entry("body", 10), undefined, late.signal), { name: "AbortError" });
  assert.equal(asked.length, before);
});

test("cancelled, a short rest is read to its end and the connection serves on", async (t) => {
  const cancelled = Promise.withResolvers<void>();
  const sockets: unknown[] = [];
  const { url } = await serve(t, async ({ url: path, socket }, response) => {
    sockets.push(socket);
    if (path !== "/bucket/short") return void response.end();
    response.writeHead(200, { "content-length": 10 }).write("12345");
    await cancelled.promise;
    response.end("67890");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const short = await source.open(entry("short", 10), undefined, signal());
  short.cancel();
  short.cancel();
  await assert.rejects(short.bytes(), { name: "AbortError" });
  cancelled.resolve();
  // The first requests may come before the rest has arrived, and take connections of their own.
  for (let tries = 0; tries < 200 && !sockets.slice(1).includes(sockets[0]); tries++) {
    await (await source.open(entry("other", 0), undefined, signal())).bytes();
    await new Promise(setImmediate);
  }
  assert.ok(sockets.slice(1).includes(sockets[0]), "the connection was not used again");
});

test("cancelled, a long rest is not waited for", async (t) => {
  const closed = Promise.withResolvers<void>();
  const { url } = await serve(t, (_request, response) => {
    response.on("close", () => closed.resolve());
    response.writeHead(200, { "content-length": 500_000_000 }).write("12345");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  (await source.open(entry("long", 500_000_000), undefined, signal())).cancel();
  await closed.promise;
});

test("stops the transfer when a reader of chunks leaves", async (t) => {
  const closed = Promise.withResolvers<void>();
  const { url } = await serve(t, (_request, response) => {
    response.on("close", () => closed.resolve());
    response.writeHead(200, { "content-length": 500_000_000 });
    response.write(Buffer.alloc(100_000));
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", 500_000_000), undefined, signal());
  for await (const chunk of body.chunks()) {
    assert.ok(chunk.byteLength > 0);
    break;
  }
  await closed.promise;
});

test("refuses to gather what no buffer can hold", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-length": 150_000_000_000 }).write("x");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", 150_000_000_000), undefined, signal());
  assert.equal(body.size, 150_000_000_000);
  await assert.rejects(body.bytes(), failure("damaged"));
});

test("serves many at once under one signal", async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on("warning", onWarning);
  t.after(() => process.off("warning", onWarning));
  const { url } = await serve(t, ({ url: path = "" }, response) => {
    setImmediate(() => response.end(path));
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const shared = signal();
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const body = await source.open(entry(`k${index}`, 1), undefined, shared);
      assert.equal(Buffer.from(await body.bytes()).toString(), `/bucket/k${index}`);
    }),
  );
  assert.deepEqual(warnings, []);
});

test("disposing breaks what is under way", async (t) => {
  const { url } = await serve(t, () => {});
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const opening = source.open(entry("a", 1), undefined, signal());
  await source[Symbol.asyncDispose]();
  await assert.rejects(opening, { name: "AbortError" });
});

test("reports that no server answers on a port where none listens", async (t) => {
  const source = sourceFor(t, { UPYUN_ENDPOINT: "http://127.0.0.1:9" });
  await assert.rejects(
    source.open(entry("a", 1), undefined, signal()),
    failure("transport", /127\.0\.0\.1:9/),
  );
});
