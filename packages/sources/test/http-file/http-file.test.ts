import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "../failure.ts";
import { serve, signal } from "../scenario.ts";
import { type Content, filesOf, find, read, sendFile } from "./scene.ts";

const digits = Buffer.from("0123456789");
const etag = '"one"';
const unusable = (message: RegExp) => ({ name: "RangesUnusable", message });
const changed = { name: "FileChanged" };

test("the length, name and validator of a file are found out, and any range of it comes", async (t) => {
  const { url, headers } = await serve(t, (request, response) =>
    sendFile(request, response, { bytes: digits, etag }),
  );
  const file = await find(t, `${url}/some/archive.zip?token=secret#part`);
  assert.deepEqual(
    [file.url, file.name, file.length, file.ranges, file.validator],
    [`${url}/some/archive.zip`, "archive.zip", 10, true, { kind: "etag", value: etag }],
  );
  assert.equal(await read(file, 3, 5), "345");
  assert.equal(await read(file, 9, 9), "9");
  assert.equal(headers[1]?.["if-range"], etag);
  assert.equal(headers[1]?.["accept-encoding"], "identity");
});

test("a file without a strong ETag has its last change as validator, one with neither has none", async (t) => {
  const content: Content = { bytes: digits, etag: 'W/"weak"', modified: "Wed, 09 Nov 2016 14:26:58 GMT" };
  const { url } = await serve(t, (request, response) => sendFile(request, response, content));
  assert.deepEqual((await find(t, url)).validator, { kind: "last-modified", value: content.modified });
  content.modified = undefined;
  assert.equal((await find(t, url)).validator, undefined);
});

for (const [what, change] of [
  ["another ETag", (content: Content) => (content.etag = '"two"')],
  ["another length", (content: Content) => (content.bytes = Buffer.from("0123456789a"))],
  ["fewer bytes than asked for", (content: Content) => (content.bytes = Buffer.from("012"))],
] as const) {
  test(`a file that has ${what} suddenly counts as changed, and no byte of it is used`, async (t) => {
    const content: Content = { bytes: digits, etag };
    const { url } = await serve(t, (request, response) => sendFile(request, response, content));
    const file = await find(t, url);
    change(content);
    await assert.rejects(read(file, 3, 5), changed);
  });
}

test("a server that ignores If-Range is found out by the ETag or the date of its answer, weak ones too", async (t) => {
  const content: Content = { bytes: digits, etag: 'W/"1"' };
  const { url } = await serve(t, (request, response) => {
    delete request.headers["if-range"];
    sendFile(request, response, content);
  });
  const file = await find(t, url);
  assert.equal(await read(file, 3, 5), "345");
  content.etag = 'W/"2"';
  await assert.rejects(read(file, 3, 5), changed);
  content.etag = undefined;
  content.modified = "Wed, 09 Nov 2016 14:26:58 GMT";
  const dated = await find(t, url);
  content.modified = "Wed, 09 Nov 2016 14:26:59 GMT";
  await assert.rejects(read(dated, 3, 5), changed);
});

test("a server that ignores If-Range gets requests without it; its answers are compared by their ETag", async (t) => {
  const content: Content = { bytes: digits, etag };
  const { url, headers } = await serve(t, (request, response) => {
    if (request.headers["if-range"] !== undefined) delete request.headers.range;
    sendFile(request, response, content);
  });
  const file = await find(t, url);
  assert.equal(await read(file, 3, 5), "345");
  assert.equal(await read(file, 6, 7), "67");
  assert.deepEqual(
    headers.map((one) => one["if-range"]),
    [undefined, etag, undefined, undefined],
  );
  content.etag = undefined;
  await assert.rejects(read(file, 3, 5), unusable(/which state/));
  content.etag = '"two"';
  await assert.rejects(read(file, 3, 5), changed);
});

test("ranges that cannot be put together are another error than a file that has changed", async (t) => {
  let headers: Record<string, string> = {};
  let refused = 0;
  const { url } = await serve(t, (request, response) => {
    if (refused === 0) sendFile(request, response, { bytes: digits, etag }, headers);
    else if (refused === 416) response.writeHead(416, { ...headers, "content-range": "bytes */10" }).end();
    else response.writeHead(200, { etag, "content-length": 10 }).end(digits);
  });
  const file = await find(t, url);
  headers = { "content-range": "bytes 0-2/10" };
  await assert.rejects(read(file, 3, 5), unusable(/other bytes than from 3 to 5/));
  headers = { "content-range": "bytes */10" };
  await assert.rejects(read(file, 3, 5), unusable(/do not say which bytes/));
  headers = {};
  for (refused of [200, 416]) await assert.rejects(read(file, 3, 5), unusable(/answers \d+ to a range/));
  refused = 0;
  assert.equal(await read(file, 3, 5), "345");
});

test("an ETag of each machine's own, with one date and length, is no change; pieces then need a proof", async (t) => {
  const content: Content = { bytes: digits, etag, modified: "Wed, 09 Nov 2016 14:26:58 GMT" };
  const { url } = await serve(t, (request, response) => sendFile(request, response, content));
  const plain = await find(t, url);
  const proven = await filesOf(t).find(new URL(url), signal(), { proven: true });
  content.etag = '"another machine"';
  await assert.rejects(read(plain, 3, 5), unusable(/different ETags/));
  assert.equal(await read(proven, 3, 5), "345");
  content.modified = "Wed, 09 Nov 2016 14:26:59 GMT";
  await assert.rejects(read(proven, 3, 5), changed);
  const again = await filesOf(t).find(new URL(url), signal(), { ranges: false });
  assert.equal(again.ranges, false);
});

test("a range that is shorter or longer than the requested one is used as its headers describe it", async (t) => {
  let last = 0;
  const { url } = await serve(t, (request, response) => {
    request.headers.range = request.headers.range?.replace(/\d+$/, (to) => String(last || to));
    sendFile(request, response, { bytes: digits, etag });
  });
  const file = await find(t, url);
  last = 4;
  assert.equal(await read(file, 3, 8), "34");
  last = 9;
  assert.equal(await read(file, 3, 5), "3456789");
});

test("any status to a range may mean that there are none: the whole is asked for, and its answer counts", async (t) => {
  for (const status of [400, 401, 403, 404, 405, 409, 416, 429, 500, 501, 503]) {
    const { url, asked } = await serve(t, (request, response) => {
      if (request.headers.range !== undefined || request.url === "/gone")
        response.writeHead(request.url === "/gone" ? 404 : status, { "content-length": 0 }).end();
      else sendFile(request, response, { bytes: digits, etag });
    });
    const file = await find(t, `${url}/there`);
    assert.deepEqual([file.ranges, file.length], [false, 10], String(status));
    const body = await file.stream(signal(), { allowUndelimited: false });
    assert.equal(Buffer.from(await body.bytes()).toString(), "0123456789");
    await assert.rejects(find(t, `${url}/gone`), failure("missing", /404/));
    assert.equal(asked.length, 4);
  }
});

test("a part that comes where the whole was requested is refused in words, whatever its headers have", async (t) => {
  for (const range of ["bytes 0-9/11", undefined]) {
    const { url } = await serve(t, (_, response) => {
      response.writeHead(206, { "content-length": 10, ...(range && { "content-range": range }) });
      response.end(digits);
    });
    await assert.rejects(filesOf(t).find(new URL(url), signal(), { ranges: false }), {
      kind: "forbidden",
      message: /asked for the whole file, answers that it sends a part/,
    });
  }
});

test("a file that the server compressed on the way is refused; an archive that is marked as compressed comes as it is", async (t) => {
  const headers: Record<string, string> = {};
  const { url } = await serve(t, (request, response) =>
    sendFile(request, response, { bytes: digits, etag }, headers),
  );
  const file = await find(t, `${url}/a.txt`);
  for (const packing of ["gzip", "x-gzip"]) {
    headers["content-encoding"] = packing;
    await assert.rejects(read(file, 3, 5), failure("forbidden", /compressed/));
    await assert.rejects(find(t, `${url}/a.txt`), failure("forbidden", /compressed/));
    for (const name of ["a.tar.gz", "b.TGZ", "c.svgz"]) {
      const archive = await find(t, `${url}/${name}`);
      assert.deepEqual([archive.ranges, await read(archive, 3, 5)], [true, "345"], name);
    }
  }
});

test("a server without ranges is asked once, and its answer is the file", async (t) => {
  const { url, asked } = await serve(t, (request, response) => {
    delete request.headers.range;
    sendFile(request, response, { bytes: digits, etag });
  });
  const file = await find(t, url);
  assert.deepEqual([file.ranges, file.length], [false, 10]);
  const body = await file.stream(signal(), { allowUndelimited: false });
  assert.equal(Buffer.from(await body.bytes()).toString(), "0123456789");
  assert.equal(asked.length, 1);
  const again = await file.stream(signal(), { allowUndelimited: false });
  assert.equal(Buffer.from(await again.bytes()).toString(), "0123456789");
});

test("a server that announces no ranges counts as one without ranges", async (t) => {
  const { url } = await serve(t, (request, response) =>
    sendFile(request, response, { bytes: digits, etag }, { "accept-ranges": "none" }),
  );
  assert.equal((await find(t, url)).ranges, false);
});

test("a body without length and chunks is accepted only where a checksum can prove that it is whole", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { connection: "close" }).end(digits);
  });
  const file = await find(t, url);
  await assert.rejects(
    file.stream(signal(), { allowUndelimited: false }),
    failure("forbidden", /--checksum/),
  );
  const body = await file.stream(signal(), { allowUndelimited: true });
  assert.equal(Buffer.from(await body.bytes()).toString(), "0123456789");
});

test("an empty file is found, though it has no first byte", async (t) => {
  const { url } = await serve(t, (request, response) =>
    sendFile(request, response, { bytes: Buffer.alloc(0), etag }),
  );
  const file = await find(t, url);
  assert.equal(file.length, 0);
  const body = await file.stream(signal(), { allowUndelimited: false });
  assert.equal((await body.bytes()).length, 0);
});

for (const [status, kind, words] of [
  [403, "forbidden", /some need --referer/],
  [404, "missing", /no such file/],
  [401, "unauthorized", /user and a password/],
  [429, "throttled", /429/],
  [509, "throttled", /509/],
  [503, "unavailable", /503/],
] as const) {
  test(`${status} is ${kind}, in one line without secrets`, async (t) => {
    const { url } = await serve(t, (_request, response) =>
      response.writeHead(status, { "retry-after": "7" }).end("no"),
    );
    const withSecrets = url.replace("//", "//me:geheim@");
    await assert.rejects(find(t, `${withSecrets}/a?key=geheim`), (error) => {
      assert.ok(failure(kind, words)(error));
      assert.ok(error instanceof Error && !error.message.includes("geheim") && !error.message.includes("\n"));
      assert.ok("retryAfterMs" in error && error.retryAfterMs === 7000);
      return true;
    });
  });
}

test("a redirect's target that has expired is looked up anew", async (t) => {
  let signature = 1;
  const { url, asked } = await serve(t, (request, response) => {
    if (request.url === "/file") response.writeHead(302, { location: `/signed?by=${signature}` }).end();
    else if (request.url === `/signed?by=${signature}`) sendFile(request, response, { bytes: digits, etag });
    else response.writeHead(403).end();
  });
  const file = await find(t, `${url}/file`);
  assert.equal(await read(file, 0, 2), "012");
  assert.deepEqual(asked.slice(2), ["GET /signed?by=1"]);
  signature = 2;
  assert.equal(await read(file, 3, 5), "345");
  assert.equal(await read(file, 6, 7), "67");
  assert.deepEqual(asked.slice(3), ["GET /signed?by=1", "GET /file", "GET /signed?by=2", "GET /signed?by=2"]);
});

test("redirects are followed ten times, not for ever, and not out of the web", async (t) => {
  const { url } = await serve(t, (request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) sendFile(request, response, { bytes: digits, etag });
    else response.writeHead(302, { location: left === 99 ? "file:///etc/passwd" : `/${left - 1}` }).end();
  });
  assert.equal((await find(t, `${url}/10`)).length, 10);
  await assert.rejects(find(t, `${url}/11`), failure("forbidden", /more than 10 redirects/));
  await assert.rejects(find(t, `${url}/99`), failure("forbidden", /nowhere/));
});

test("a silent server is given up after the time that was set", async (t) => {
  const { url } = await serve(t, (request, response) => {
    if (request.headers.range === "bytes=0-0") sendFile(request, response, { bytes: digits, etag });
    else response.writeHead(206, { "content-length": 3, "content-range": "bytes 3-5/10", etag }).write("3");
  });
  const files = filesOf(t, { silenceTimeoutMs: 100 });
  const file = await files.find(new URL(url), signal());
  await assert.rejects(read(file, 3, 5), failure("transport", /in time/));
});

for (const [what, headers, words] of [
  ["no Content-Range", {}, /does not say which \(no Content-Range/],
  ["a Content-Range", { "content-range": "bytes 0-9/11" }, /calls it bytes 0 to 9 of 11: its operator/],
] as const)
  test(`a 206 with ${what} to a request for the whole is refused in words`, async (t) => {
    const { url } = await serve(t, ({ headers: { range } }, response) => {
      response.writeHead(206, range === undefined ? headers : {}).end(digits);
    });
    const file = await find(t, url);
    await assert.rejects(file.stream(signal(), { allowUndelimited: false }), failure("forbidden", words));
  });
