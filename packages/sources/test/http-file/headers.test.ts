import assert from "node:assert/strict";
import type { IncomingHttpHeaders } from "node:http";
import { type TestContext, test } from "node:test";
import { CookieJar, type HttpFilesOptions } from "@brigade/sources/get";
import { serve } from "../scenario.ts";
import { find, read, sendFile } from "./scene.ts";

const content = { bytes: Buffer.from("0123456789"), etag: '"one"' };

/** What a server hears, and what another one to which it redirects hears. */
async function heard(
  t: TestContext,
  options: Partial<HttpFilesOptions>,
  user = "",
): Promise<[IncomingHttpHeaders, IncomingHttpHeaders]> {
  const elsewhere = await serve(t, (request, response) => sendFile(request, response, content));
  const first = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `${elsewhere.url}/b`, "set-cookie": "seen=1; Path=/" }).end(),
  );
  await find(t, `${first.url.replace("//", `//${user}`)}/a`, options);
  return [first.headers[0] ?? {}, elsewhere.headers[0] ?? {}];
}

test("sends Referer, User-Agent and other headers as they were given", async (t) => {
  const { url, headers } = await serve(t, (request, response) => sendFile(request, response, content));
  const file = await find(t, url, {
    referer: "https://example.com/page?a=1",
    userAgent: "Mozilla/5.0",
    headers: [
      ["X-Key", "1"],
      ["Accept", "application/zip"],
    ],
  });
  await read(file, 0, 1);
  for (const one of headers) {
    assert.equal(one.referer, "https://example.com/page?a=1");
    assert.equal(one["user-agent"], "Mozilla/5.0");
    assert.equal(one["x-key"], "1");
    assert.equal(one.accept, "application/zip");
  }
});

test("user and password of the URL go to its server, decoded, and to no other", async (t) => {
  const [first, elsewhere] = await heard(t, {}, "me:p%40ss@");
  assert.equal(first.authorization, `Basic ${Buffer.from("me:p@ss").toString("base64")}`);
  assert.equal(elsewhere.authorization, undefined);
});

test("configured headers are not sent to another server, and of the Referer only its origin", async (t) => {
  const [first, elsewhere] = await heard(t, {
    referer: "http://example.com/page?token=1",
    headers: [
      ["Authorization", "Bearer 1"],
      ["Cookie", "own=1"],
      ["X-Key", "1"],
    ],
  });
  assert.deepEqual([first.authorization, first.cookie, first["x-key"]], ["Bearer 1", "own=1", "1"]);
  assert.deepEqual(
    [elsewhere.authorization, elsewhere["x-key"], elsewhere.referer],
    [undefined, undefined, "http://example.com/"],
  );
  assert.equal(elsewhere.cookie, undefined, "of another port of the host");
});

test("an https Referer is not sent to another server over http", async (t) => {
  const [first, elsewhere] = await heard(t, { referer: "https://example.com/page" });
  assert.deepEqual([first.referer, elsewhere.referer], ["https://example.com/page", undefined]);
});

function jar(...lines: string[]): CookieJar {
  const cookies = new CookieJar(() => 1_700_000_000_000);
  assert.deepEqual(cookies.read(lines.join("\n")), []);
  return cookies;
}

test("cookies of a file in curl's format go where they belong, and nowhere else", () => {
  const cookies = jar(
    "# Netscape HTTP Cookie File",
    "",
    "example.com\tFALSE\t/\tFALSE\t0\thost\t1",
    ".example.com\tTRUE\t/\tFALSE\t1800000000\tall\t2",
    "#HttpOnly_example.com\tFALSE\t/files\tFALSE\t0\tdeep\t3",
    "example.com\tFALSE\t/\tTRUE\t0\tsecure\t4",
    "example.com\tFALSE\t/\tFALSE\t1600000000\told\t5",
  );
  const sent = (url: string) => cookies.header(new URL(url));
  assert.equal(sent("http://example.com/"), "host=1; all=2");
  assert.equal(sent("http://EXAMPLE.com/files/a"), "deep=3; host=1; all=2");
  assert.equal(sent("http://example.com/filesystem"), "host=1; all=2");
  assert.equal(sent("https://example.com/"), "host=1; all=2; secure=4");
  assert.equal(sent("http://www.example.com/"), "all=2");
  assert.equal(sent("http://badexample.com/"), undefined);
});

test("cookies are read as browsers' add-ons write them", () => {
  const cookies = jar(
    "\xef\xbb\xbf.example.com\ttrue\t/\tfalse\t1800000000.123456\tfraction\t1\r",
    "example.com\tFalse\t\tFalse\t\tnone\t2\r",
    "#HttpOnly_.example.com\tTrue\t/\ttrue\t1.8e9\tdeep\t3\r",
    "example.com\tFALSE\t/\tFALSE\t1600000000.5\told\t4",
    `example.com\tFALSE\t/\tFALSE\t0\tutf8\t${Buffer.from("文").toString("latin1")}`,
    "example.com\tFALSE\t/\tFALSE\t0\tempty",
  );
  assert.equal(
    cookies.header(new URL("https://example.com/")),
    `fraction=1; none=2; deep=3; utf8=${Buffer.from("文").toString("latin1")}; empty=`,
  );
  assert.equal(cookies.header(new URL("http://www.example.com/")), "fraction=1");
});

test("lines that are not in the format are named by their numbers", () => {
  const cookies = new CookieJar();
  const text = "a=1; b=2\nexample.com\tFALSE\t/\tFALSE\t0\tn\tv\nexample.com\tMAYBE\t/\tFALSE\t0\tn\tv\n";
  assert.deepEqual(cookies.read(text), [1, 3]);
  assert.deepEqual(cookies.read("example.com\tFALSE\t/\tFALSE\t0\tn\tv; other=1"), [1]);
});

test("a server sets cookies for itself and its domain, not for others", () => {
  const cookies = new CookieJar(() => 1_700_000_000_000);
  const from = new URL("https://cdn.example.com/a/b");
  for (const header of [
    "plain=1",
    "wide=2; Domain=example.com; Path=/",
    "foreign=3; Domain=other.com",
    "everybody=4; Domain=com",
    "gone=5; Max-Age=0; Path=/",
    "past=6; Expires=Wed, 09 Nov 2016 14:26:58 GMT; Path=/",
    "wide=7; Domain=example.com; Path=/",
  ])
    cookies.set(from, header);
  assert.equal(cookies.header(new URL("https://cdn.example.com/a/c")), "plain=1; wide=7");
  assert.equal(cookies.header(new URL("https://www.example.com/")), "wide=7");
  assert.equal(cookies.header(new URL("https://other.com/")), undefined);
});
