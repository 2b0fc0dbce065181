import assert from "node:assert/strict";
import type { RequestListener, ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { failure } from "../../failure.ts";
import { asUpyun, entry, refuse, serve, signal, sourceFor } from "../../scenario.ts";

const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.alloc(40_000, 1)]);

/**
 * A domain that answers versions so, and originals with "original"; the store has everything but
 * `gone`.
 */
async function both(t: TestContext, version: RequestListener, more: Record<string, string> = {}) {
  const cdn = await serve(t, (request, response) => {
    if (request.url?.includes("!s400")) version(request, response);
    else response.end("original");
  });
  const store: RequestListener = ({ method, url }, response) => {
    if (url === "/bucket/gone.jpg") refuse(response, 40400001);
    else if (method === "GET") response.end("store");
    else
      response
        .writeHead(200, { "x-upyun-file-type": "file", "x-upyun-file-size": 8, "x-upyun-file-date": 1 })
        .end();
  };
  const rest = await serve(t, asUpyun(store));
  const environment = { UPYUN_ENDPOINT: rest.url, UPYUN_DOMAIN: cdn.url, UPYUN_VERSION: "!s400" };
  return { cdn, rest, source: sourceFor(t, { ...environment, ...more }) };
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

test("requests the version, and compares neither the original's size nor its digest", async (t) => {
  const { cdn, rest, source } = await both(t, (_request, response) =>
    response
      .writeHead(200, {
        "content-length": jpeg.length,
        etag: `"${"a".repeat(32)}"`,
        "last-modified": "Wed, 09 Nov 2016 14:26:58 GMT",
      })
      .end(jpeg),
  );
  assert.equal(source.variant, "!s400");
  const body = await source.open(entry("a b.jpg", 999_999, 2_000_000_000), undefined, signal());
  assert.deepEqual(
    [body.variant, body.size, body.md5, body.modified],
    [true, jpeg.length, undefined, undefined],
  );
  assert.ok(jpeg.equals(await body.bytes()));
  assert.deepEqual([cdn.asked, rest.asked], [["GET /a%20b.jpg!s400"], []]);
});

test("accepts pictures in pieces, however small, and refuses what is none", async (t) => {
  const { source } = await both(t, async ({ url }, response) => {
    const body = url?.startsWith("/picture")
      ? jpeg
      : Buffer.from("<html>This is an error page, not a picture</html>");
    for (const byte of body.subarray(0, 20)) {
      response.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    response.end(body.subarray(20));
  });
  const open = (key: string) => source.open(entry(key, 9), undefined, signal());
  const all: Uint8Array[] = [];
  for await (const chunk of (await open("picture")).chunks()) all.push(chunk);
  assert.ok(jpeg.equals(Buffer.concat(all)));
  assert.ok(jpeg.equals(await (await open("picture")).bytes()));
  await assert.rejects((await open("page")).bytes(), failure("damaged", /not a picture/));
  const seen: Uint8Array[] = [];
  await assert.rejects(
    async () => {
      for await (const chunk of (await open("page")).chunks()) seen.push(chunk);
    },
    failure("damaged", /not a picture/),
  );
  assert.deepEqual(seen, [], "bytes of the page were passed on");
});

for (const [title, head] of [
  ["PNG", "\x89PNG\r\n\x1a\n0000"],
  ["GIF", "GIF89a000000"],
  ["WebP", "RIFF\x01\x02\x03\x0aWEBP"],
  ["AVIF", "\0\0\0\x20ftypavif"],
  ["HEIC", "\0\0\0\x20ftypheic"],
  ["BMP", "BM0000000000"],
  ["TIFF", "II*\0\x08\0\0\0\0\0\0\0"],
] as const) {
  test(`recognises a ${title}`, async (t) => {
    const { source } = await both(t, (_request, response) => response.end(Buffer.from(head, "latin1")));
    assert.equal((await (await source.open(entry("a", 9), undefined, signal())).bytes()).byteLength, 12);
  });
}

test("refuses an empty body and one whose end proves nothing", async (t) => {
  const { source } = await both(t, ({ url }, response) => {
    response.useChunkedEncodingByDefault = false;
    if (url?.startsWith("/empty")) response.writeHead(200, { "content-length": 0 }).end();
    else response.writeHead(200, { connection: "close" }).end(jpeg);
  });
  const empty = await source.open(entry("empty", 9), undefined, signal());
  await assert.rejects(empty.bytes(), failure("damaged"));
  await assert.rejects(
    source.open(entry("endless", 9), undefined, signal()),
    failure("damaged", /its end cannot be proven/),
  );
});

test("stops the job at a version that does not exist, instead of losing its objects", async (t) => {
  const { source } = await both(t, ({ url }, response) => {
    if (url?.startsWith("/status")) response.writeHead(404, "Not Profile").end();
    else if (url?.startsWith("/json")) json(response, 404, { code: "40400001", msg: "Not Profile" });
    else response.writeHead(404).end("Not Profile");
  });
  for (const key of ["status", "json", "text"])
    await assert.rejects(
      source.open(entry(key, 9), undefined, signal()),
      failure("misconfigured", /UPYUN_VERSION.*!s400/),
    );
});

test("decides by the store's metadata if a 404 is gone, or not yet on the domain", async (t) => {
  const { source } = await both(t, (_request, response) =>
    json(response, 404, { code: "40400001", msg: "not found" }),
  );
  await assert.rejects(source.open(entry("gone.jpg", 9), undefined, signal()), failure("missing"));
  await assert.rejects(source.open(entry("there.jpg", 9), undefined, signal()), (error: unknown) => {
    failure("unavailable", /not yet/)(error);
    assert.ok(error instanceof Error && "retryAfterMs" in error);
    assert.equal(error.retryAfterMs, 300_000);
    return true;
  });
});

test("reads the store's metadata after a redirect to an error's picture, and refuses the picture", async (t) => {
  const { cdn, source } = await both(t, (_request, response) =>
    response.writeHead(302, { location: "http://www.example.com/sorry.jpg?_upt=token" }).end(),
  );
  await assert.rejects(source.open(entry("gone.jpg", 9), undefined, signal()), failure("missing"));
  await assert.rejects(
    source.open(entry("there.jpg", 9), undefined, signal()),
    failure("forbidden", /sorry\.jpg \(|sorry\.jpg$/),
  );
  assert.equal(cdn.asked.length, 2);
});

for (const status of [405, 406, 409]) {
  test(`fetches the original of what has no picture (${status}), or has it fail where so configured`, async (t) => {
    const answer: RequestListener = (_request, response) => response.writeHead(status).end("not an image");
    const original = await both(t, answer);
    const body = await original.source.open(entry("a.mp4", 8), undefined, signal());
    assert.equal(body.variant, false);
    assert.equal(Buffer.from(await body.bytes()).toString(), "original");
    const fail = await both(t, answer, { UPYUN_VERSION_FALLBACK: "fail" });
    await assert.rejects(
      fail.source.open(entry("a.mp4", 8), undefined, signal()),
      failure("forbidden", /no picture/),
    );
  });
}

test("does not treat the answer of a domain that is switched off as a file that is no picture", async (t) => {
  const { source } = await both(t, (_request, response) =>
    json(response, 405, { code: "40510001", msg: "off" }),
  );
  await assert.rejects(
    source.open(entry("a.jpg", 8), undefined, signal()),
    failure("misconfigured", /switched off/),
  );
});

test("fetches the original of a key that holds the separator from the store, or has it fail if configured so", async (t) => {
  const never: RequestListener = (_request, response) => response.end("asked");
  const original = await both(t, never);
  const body = await original.source.open(entry("a!b.jpg", 5), undefined, signal());
  assert.deepEqual([body.variant, Buffer.from(await body.bytes()).toString()], [false, "store"]);
  assert.deepEqual(original.cdn.asked, []);
  const fail = await both(t, never, { UPYUN_VERSION_FALLBACK: "fail" });
  await assert.rejects(
    fail.source.open(entry("a!b.jpg", 5), undefined, signal()),
    failure("forbidden", /separator/),
  );
});

test("signs the path with its version for a domain with a token rule", async (t) => {
  const { cdn, source } = await both(t, (_request, response) => response.end(jpeg), {
    UPYUN_TOKEN_SECRET: "s",
  });
  (await source.open(entry("a.jpg", 8), undefined, signal())).cancel();
  assert.match(cdn.asked[0] ?? "", /^GET \/a\.jpg!s400\?_upt=[0-9a-f]{8}\d{10}$/);
});

test("passes a version's outage on", async (t) => {
  const { source } = await both(t, (_request, response) => response.writeHead(413).end());
  await assert.rejects(
    source.open(entry("a.jpg", 8), undefined, signal()),
    failure("unavailable", /in time/),
  );
});
