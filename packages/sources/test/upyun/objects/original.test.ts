import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "../../failure.ts";
import { endMarker, entry, refuse, serve, signal, sourceFor } from "../../scenario.ts";

const text = "0123456789";

test("gives a range, and checks that it is the one that was asked for", async (t) => {
  const { url, headers } = await serve(t, ({ url: path = "" }, response) => {
    const content = (range: string, body: string) =>
      response
        .writeHead(206, {
          "content-range": range,
          "content-length": body.length,
          etag: `"${"a".repeat(32)}"`,
        })
        .end(body);
    switch (path.slice("/bucket/".length)) {
      case "right":
        return content("bytes 2-4/10", "234");
      case "open-ended":
        return content("bytes 2-9/10", "23456789");
      case "ignored":
        return void response.end(text);
      case "another":
        return content("bytes 0-2/10", "012");
      case "longer":
        return content("bytes 0-4/10", "01234");
      case "shorter":
        return content("bytes 2-3/10", "23");
      case "resized":
        return content("bytes 2-4/11", "234");
      case "no-header":
        return void response.writeHead(206).end("234");
      default:
        return refuse(response, 40001161);
    }
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const open = (key: string, to?: number) =>
    source.open(entry(key, 10), to === undefined ? { from: 2 } : { from: 2, to }, signal());
  const right = await open("right", 4);
  assert.deepEqual([right.size, right.md5], [3, undefined]);
  assert.equal(right.objectMd5, "a".repeat(32), "of the whole, not of what comes");
  assert.equal(right.validator, `etag "${"a".repeat(32)}"`);
  assert.equal(Buffer.from(await right.bytes()).toString(), "234");
  assert.equal(Buffer.from(await (await open("open-ended")).bytes()).toString(), "23456789");
  assert.deepEqual([headers[0]?.range, headers[1]?.range], ["bytes=2-4", "bytes=2-"]);
  for (const key of ["ignored", "another", "longer", "shorter", "resized", "no-header", "bad-range"])
    await assert.rejects(open(key, 4), failure("damaged"), key);
});

test("accepts the whole where the range was all of it", async (t) => {
  const { url } = await serve(t, (_request, response) => response.end(text));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a", 10), { from: 0 }, signal());
  assert.equal(Buffer.from(await body.bytes()).toString(), text);
});

test("does not accept part of a body as the whole", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(206, { "content-range": "bytes 0-4/10" }).end("01234"),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.open(entry("a", 10), undefined, signal()), failure("damaged", /206/));
});

test("never accepts a directory's listing as the object", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(200, { "x-upyun-list-iter": endMarker }).end("a\tN\t1\t2"),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.open(entry("a", 7), undefined, signal()), failure("damaged", /listing/));
});

test("refuses a compressed body, but accepts an object that is stored so", async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    const digest =
      path === "/bucket/stored" ? { "content-md5": "a".repeat(32) } : { etag: `W/"${"a".repeat(32)}"` };
    response.writeHead(200, { "content-encoding": "gzip", "content-length": 10, ...digest }).end(text);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  for (const object of [entry("stored", 3000), entry("same-length-by-chance", 10)])
    await assert.rejects(source.open(object, undefined, signal()), failure("damaged", /compressed/));
  const stored = await source.open(entry("stored", 10), undefined, signal());
  assert.equal((await stored.bytes()).byteLength, 10);
});

test("leaves bytes alone that look like JSON", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(200, { "content-type": "application/json" }).end(' {"a": 1} '),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const body = await source.open(entry("a.json", 10), undefined, signal());
  assert.equal(Buffer.from(await body.bytes()).toString(), ' {"a": 1} ');
});

test("reads the store's metadata: sizes beyond 32 bits, seconds, MD5", async (t) => {
  const { url, asked } = await serve(t, ({ url: path }, response) => {
    if (path === "/bucket/gone") return void response.writeHead(404).end();
    if (path === "/bucket/folder")
      return void response.writeHead(200, { "x-upyun-file-type": "folder" }).end();
    if (path === "/bucket/strange") return void response.writeHead(200, { "content-length": 5 }).end();
    response.writeHead(200, {
      "x-upyun-file-type": "file",
      "x-upyun-file-size": 150_000_000_000,
      "x-upyun-file-date": 1478701618,
      "content-md5": "A".repeat(32),
    });
    response.end();
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  assert.deepEqual(await source.stat("a b", signal()), {
    key: "a b",
    size: 150_000_000_000,
    modified: 1478701618,
    etag: "a".repeat(32),
  });
  assert.equal(await source.stat("gone", signal()), undefined);
  assert.equal(await source.stat("folder", signal()), undefined);
  await assert.rejects(source.stat("strange", signal()), failure("unavailable"));
  await assert.rejects(source.stat("a/..", signal()), { name: "NameError" });
  assert.equal(asked[0], "HEAD /bucket/a%20b");
});
