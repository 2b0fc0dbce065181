import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSource } from "@brigade/sources";
import { CookieJar } from "@brigade/sources/get";
import { isSameOrigin } from "../../../src/http/origins/same-origin.ts";
import { find } from "../../http-file/scene.ts";
import { entry, serve, signal, sourceFor } from "../../scenario.ts";

const secrets = {
  SITE_USER: "me",
  SITE_PASSWORD: "pw",
  REFERER: "http://example.com/page?token=1",
  EXTRA_HEADERS: '{"X-Key":"1","Cookie":"own=1"}',
};

for (const [first, url, isSame] of [
  ["http://a.example/x", "http://a.example:80/y", true],
  ["https://a.example/x", "https://a.example:443/y", true],
  ["http://a.example/", "https://a.example/", true],
  ["http://a.example/", "https://a.example:8443/", false],
  ["http://a.example:8080/", "https://a.example/", false],
  ["http://a.example:8080/", "https://a.example:8080/", false],
  ["https://a.example/", "http://a.example/", false],
  ["http://a.example/", "http://a.example:8080/", false],
  ["http://a.example/", "https://b.a.example/", false],
] as const)
  test(`what was given for ${first} is ${isSame ? "" : "not "}sent to ${url}`, () => {
    assert.equal(isSameOrigin(new URL(first), new URL(url)), isSame);
  });

test("an index page's file at another port of the host comes without user, headers and the Referer's path", async (t) => {
  const other = await serve(t, (_request, response) => response.end("12345"));
  const site = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `${other.url}/a` }).end(),
  );
  await using source = parseSource(`${site.url}/`, {}).create(secrets, "site");
  const body = await source.open({ key: "a", size: 5 }, undefined, signal());
  assert.equal((await body.bytes()).byteLength, 5);
  const [{ authorization, cookie, referer, "x-key": key } = {}] = site.headers;
  assert.deepEqual([authorization !== undefined, cookie, key], [true, "own=1", "1"]);
  assert.equal(referer, secrets.REFERER);
  const [heard = {}] = other.headers;
  assert.deepEqual([heard.authorization, heard.cookie, heard["x-key"]], [undefined, undefined, undefined]);
  assert.equal(heard.referer, "http://example.com/");
});

test("an edge server to which a bucket's domain redirects gets no configured headers", async (t) => {
  const edge = await serve(t, (_request, response) => response.end("12345"));
  const cdn = await serve(t, ({ url }, response) =>
    response.writeHead(302, { location: `${edge.url}/${cdn.host}${url}` }).end(),
  );
  const { REFERER, EXTRA_HEADERS } = secrets;
  const source = sourceFor(t, { UPYUN_ENDPOINT: cdn.url, UPYUN_DOMAIN: cdn.url, REFERER, EXTRA_HEADERS });
  await (await source.open(entry("a", 5), undefined, signal())).bytes();
  assert.deepEqual([cdn.headers[0]?.["x-key"], cdn.headers[0]?.referer], ["1", REFERER]);
  const [heard = {}] = edge.headers;
  assert.deepEqual(
    [heard.cookie, heard["x-key"], heard.referer],
    [undefined, undefined, "http://example.com/"],
  );
});

test("cookies of a file, and those that a server sets, are not sent to another port of its host", async (t) => {
  const cookies = new CookieJar();
  assert.deepEqual(cookies.read("127.0.0.1\tFALSE\t/\tFALSE\t0\tfile\t1"), []);
  const other = await serve(t, (_request, response) => response.end("1"));
  const first = await serve(t, ({ url }, response) => {
    const location = url === "/a" ? "/b" : `${other.url}/c`;
    response.writeHead(302, { location, "set-cookie": "set=2; Path=/" }).end();
  });
  await find(t, `${first.url}/a`, { cookies });
  assert.deepEqual(
    first.headers.slice(0, 2).map(({ cookie }) => cookie),
    ["file=1", "file=1; set=2"],
  );
  assert.equal(other.headers[0]?.cookie, undefined);
});

test("cookies go along from http to https on default ports, and not back", () => {
  const cookies = new CookieJar();
  cookies.set(new URL("http://a.example/"), "plain=1; Path=/");
  cookies.set(new URL("https://a.example/"), "safe=2; Path=/");
  assert.equal(cookies.header(new URL("https://a.example/")), "plain=1; safe=2");
  assert.equal(cookies.header(new URL("http://a.example/")), "plain=1");
  assert.equal(cookies.header(new URL("https://a.example:8443/")), undefined);
});
