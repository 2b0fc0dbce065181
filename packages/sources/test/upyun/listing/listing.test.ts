import assert from "node:assert/strict";
import type { RequestListener, ServerResponse } from "node:http";
import { test } from "node:test";
import { failure } from "../../failure.ts";
import { asUpyun, endMarker, refuse, serve, signal, sourceFor } from "../../scenario.ts";

function page(response: ServerResponse, body: string | Buffer, iter: string | undefined = endMarker): void {
  response.writeHead(200, iter === undefined ? {} : { "x-upyun-list-iter": iter }).end(body);
}

test("requests one level with an explicit size, and sends the cursor back as it came", async (t) => {
  const { url, asked, headers } = await serve(t, ({ headers: sent }, response) => {
    if (sent["x-list-iter"] === undefined)
      page(response, "a.jpg\tN\t5000000000\t1478701618\nsub\tF\t0\t1\n", "Y3Vyc29y+/=");
    else page(response, "");
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, LIST_PAGE_SIZE: "300" });
  const first = await source.listPage("dir/中", undefined, signal());
  assert.deepEqual(first, {
    files: [{ name: "a.jpg", size: 5_000_000_000, modified: 1478701618 }],
    directories: ["sub"],
    next: "Y3Vyc29y+/=",
  });
  assert.deepEqual(await source.listPage("dir/中", first.next, signal()), {
    files: [],
    directories: [],
    next: undefined,
  });
  assert.deepEqual(asked, ["GET /bucket/dir/%E4%B8%AD/", "GET /bucket/dir/%E4%B8%AD/"]);
  assert.equal(headers[0]?.["x-list-limit"], "300");
  assert.equal(headers[0]?.["x-upyun-folder"], "true");
  assert.equal(headers[1]?.["x-list-iter"], "Y3Vyc29y+/=");
});

test("does not carry a cursor into the next directory", async (t) => {
  const { url, headers, asked } = await serve(t, (_request, response) => page(response, ""));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await source.listPage("a", "cursor-of-a", signal());
  await source.listPage("", undefined, signal());
  assert.equal(headers[1]?.["x-list-iter"], undefined);
  assert.equal(asked[1], "GET /bucket/");
});

test("does not treat a short or empty page as the end", async (t) => {
  const { url } = await serve(t, (_request, response) => page(response, "", "more"));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  assert.equal((await source.listPage("a", undefined, signal())).next, "more");
});

test("passes names on raw, and spoils only the row that is not UTF-8", async (t) => {
  const names = [
    "a`b",
    "100%.jpg",
    "%41",
    "c#d?e",
    "back\\slash",
    " ",
    "..",
    "/abs",
    "nul\0",
    "\ufeffbom",
    "\ufffd",
    "é",
    "e\u0301",
    "",
  ];
  const rows = names.map((name) => Buffer.from(`${name}\tN\t1\t2\n`));
  rows.push(Buffer.from([0xe4, 0xb8, 0x09]), Buffer.from("N\t1\t2\nlast\tN\t0\t2"));
  const { url } = await serve(t, (_request, response) => page(response, Buffer.concat(rows)));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const { files } = await source.listPage("", undefined, signal());
  assert.deepEqual(
    files.map(({ name }) => name),
    [...names, "\udce4\udcb8", "last"],
  );
});

for (const [title, body] of [
  ["an HTML page", "<html><body>Welcome to the hotel</body></html>"],
  ["an error in JSON with status 200", '{"code":50300028,"msg":"read error"}'],
  ["a row of three columns", "a\tN\t1"],
  ["a row of five columns", "a\tN\t1\t2\t3"],
  ["an unknown type", "a\tX\t1\t2"],
  ["a size that is no number", "a\tN\t-\t2"],
  ["a size beyond reason", "a\tN\t9999999999999999\t2"],
  ["a time that is no number", "a\tN\t1\tyesterday"],
] as const) {
  test(`refuses ${title} in place of a listing`, async (t) => {
    const { url } = await serve(t, (_request, response) => page(response, body));
    const source = sourceFor(t, { UPYUN_ENDPOINT: url });
    await assert.rejects(source.listPage("a", undefined, signal()), failure("bad-listing"));
  });
}

test("refuses a page without a cursor: its absence is not the end", async (t) => {
  const { url } = await serve(
    t,
    asUpyun((_request, response) => response.writeHead(200).end("a\tN\t1\t2")),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(
    source.listPage("a", undefined, signal()),
    failure("bad-listing", /neither a next cursor/),
  );
});

test("refuses the cursor that it has just sent", async (t) => {
  const { url } = await serve(t, (_request, response) => page(response, "a\tN\t1\t2", "same"));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  assert.equal((await source.listPage("a", undefined, signal())).next, "same");
  await assert.rejects(source.listPage("a", "same", signal()), failure("bad-listing", /same cursor/));
});

test("refuses a page whose body is cut, even where the cut falls between rows", async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    const text = "a\tN\t1\t2\n";
    if (path === "/bucket/length/")
      response.writeHead(200, { "x-upyun-list-iter": endMarker, "content-length": 999 });
    else response.writeHead(200, { "x-upyun-list-iter": endMarker });
    response.write(text, () => response.socket?.end());
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("length", undefined, signal()), failure("bad-listing", /ended early/));
  await assert.rejects(
    source.listPage("chunked", undefined, signal()),
    failure("bad-listing", /ended early/),
  );
});

test("refuses a text page that is not delimited, but accepts a JSON one", async (t) => {
  const { url } = await serve(t, ({ headers }, response) => {
    response.useChunkedEncodingByDefault = false;
    response.removeHeader("transfer-encoding");
    response.writeHead(200, { "x-upyun-list-iter": endMarker, connection: "close" });
    response.end(headers.accept === "application/json" ? `{"files":[],"iter":"${endMarker}"}` : "a\tN\t1\t2");
  });
  const text = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(
    text.listPage("a", undefined, signal()),
    failure("bad-listing", /UPYUN_LIST_FORMAT=json/),
  );
  const json = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: "json" });
  assert.deepEqual(await json.listPage("a", undefined, signal()), {
    files: [],
    directories: [],
    next: undefined,
  });
});

test("distinguishes a missing directory from one that vanishes while it is listed", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    refuse(response, 40400001, "file or directory not found"),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("a", undefined, signal()), failure("missing", /40400001.*request-1/));
  await assert.rejects(source.listPage("a", "cursor", signal()), failure("bad-listing", /vanished/));
});

test("throws bad-cursor for a cursor that the store does not accept", async (t) => {
  const { url } = await serve(t, (_request, response) => refuse(response, 40001005));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("a", "old", signal()), failure("bad-cursor"));
});

test("refuses a file's bytes in place of the listing before taking them", async (t) => {
  const answer: RequestListener = (_request, response) => {
    response.writeHead(200, { "content-length": 10_000_000_000 });
    response.write(Buffer.alloc(1000));
  };
  const { url } = await serve(t, asUpyun(answer));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("was-a-directory", undefined, signal()), failure("bad-listing"));
});

test("refuses directories that no request can name", async (t) => {
  const { url, asked } = await serve(t, (_request, response) => page(response, ""));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("a/../b", undefined, signal()), { name: "NameError" });
  assert.deepEqual(asked, []);
});

test("in JSON: uses the body's cursor, else the header's, and fails without both", async (t) => {
  const files = [
    { name: "é", type: "image/jpeg", length: 3, last_modified: 5, etag: "ignored" },
    { name: "sub", type: "folder", length: 0, last_modified: 5 },
    { name: "\\ud800", type: "", length: 0, last_modified: 5 },
  ];
  const rows = JSON.stringify(files).replace("\\\\ud800", "\\ud800");
  const { url, headers } = await serve(t, ({ url: path }, response) => {
    if (path === "/bucket/body/") page(response, `{"files":${rows},"iter":"body"}`, "header");
    else if (path === "/bucket/header/") page(response, `{"files":${rows}}`, "header");
    else response.writeHead(200).end(`{"files":${rows}}`);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: "json" });
  const first = await source.listPage("body", undefined, signal());
  assert.deepEqual(first, {
    files: [
      { name: "é", size: 3, modified: 5 },
      { name: "\ud800", size: 0, modified: 5 },
    ],
    directories: ["sub"],
    next: "body",
  });
  assert.equal(headers[0]?.accept, "application/json");
  assert.equal((await source.listPage("header", undefined, signal())).next, "header");
  await assert.rejects(source.listPage("none", undefined, signal()), failure("bad-listing"));
});

test("in JSON: checks by a request whether a directory with a length is a file of type folder", async (t) => {
  const { url } = await serve(t, ({ method, url: path }, response) => {
    const row = (name: string) => ({ name, type: "folder", length: 7, last_modified: 5 });
    if (method === "GET")
      page(response, JSON.stringify({ files: [row("forged"), row("real")], iter: endMarker }));
    else if (path === "/bucket/a/forged")
      response
        .writeHead(200, { "x-upyun-file-type": "file", "x-upyun-file-size": 7, "x-upyun-file-date": 5 })
        .end();
    else response.writeHead(200, { "x-upyun-file-type": "folder" }).end();
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: "json" });
  assert.deepEqual(await source.listPage("a", undefined, signal()), {
    files: [{ name: "forged", size: 7, modified: 5 }],
    directories: ["real"],
    next: undefined,
  });
});

for (const [title, body] of [
  ["text", "a\tN\t1\t2"],
  ["an error", '{"code":50300028,"msg":"read error"}'],
  ["a cut page", '{"files":[{"name":"a"'],
] as const) {
  test(`in JSON: refuses ${title} in place of a listing`, async (t) => {
    const { url } = await serve(t, (_request, response) => page(response, body));
    const source = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: "json" });
    await assert.rejects(source.listPage("a", undefined, signal()), failure("bad-listing"));
  });
}
