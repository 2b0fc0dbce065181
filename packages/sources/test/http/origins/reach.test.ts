import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { type ConfiguredSource, parseSource } from "@brigade/sources";
import { chooseProxies } from "@brigade/sources/get";
import { anywhere, publicOnly } from "../../../src/http/origins/reach.ts";
import { reachingLookup } from "../../../src/http/origins/reaching-lookup.ts";
import { failure } from "../../failure.ts";
import { find, sendFile } from "../../http-file/scene.ts";
import { type Scenario, serve, signal } from "../../scenario.ts";

const refused = failure("forbidden", /ALLOW_PRIVATE=true \(or --allow-private\)/);

function listOf(t: TestContext, url: string, environment: Record<string, string> = {}): ConfiguredSource {
  const folder = mkdtempSync(join(tmpdir(), "reach-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "urls"), `a\t${url}\n`);
  const source = parseSource(`list:${join(folder, "urls")}`, {}).create(environment, "urls");
  t.after(() => source[Symbol.asyncDispose]());
  return source;
}

const fetchA = async (source: ConfiguredSource) =>
  Buffer.from(await (await source.open({ key: "a" }, undefined, signal())).bytes()).toString();

const server = (t: TestContext): Promise<Scenario> => serve(t, (_request, response) => response.end("inner"));

for (const host of [
  "127.0.0.1",
  "localhost",
  "2130706433",
  "0x7f.1",
  "0177.0.0.1",
  "[::ffff:7f00:1]",
  "0.0.0.0",
])
  test(`a list's URL at ${host} is asked with ALLOW_PRIVATE only`, async (t) => {
    const { url, asked } = await server(t);
    const there = url.replace("127.0.0.1", host);
    await assert.rejects(fetchA(listOf(t, there)), refused);
    await assert.rejects(listOf(t, there).stat("a", signal()), refused);
    assert.deepEqual(asked, []);
    assert.equal(await fetchA(listOf(t, there, { ALLOW_PRIVATE: "true" })), "inner");
  });

for (const host of [
  "169.254.169.254",
  "10.255.255.1",
  "[fe80::1]",
  "[64:ff9b::7f00:1]",
  "[fd00::1]",
  "224.0.0.1",
])
  test(`a list's URL at ${host} is refused at once, directly or through a proxy`, async (t) => {
    const proxy = await server(t);
    await assert.rejects(fetchA(listOf(t, `http://${host}/`)), refused);
    await assert.rejects(fetchA(listOf(t, `http://${host}/`, { HTTP_PROXY: proxy.url })), refused);
    assert.deepEqual(proxy.asked, []);
  });

test("a proxy at a private address is used, and looks names up", async (t) => {
  const proxy = await server(t);
  assert.equal(await fetchA(listOf(t, "http://store.invalid/", { HTTP_PROXY: proxy.url })), "inner");
  await assert.rejects(fetchA(listOf(t, "http://localhost/", { HTTP_PROXY: proxy.url })), refused);
  assert.equal(proxy.asked.length, 1);
});

test("a single file's redirect leads to its own host at another port, not to another private host", async (t) => {
  const inner = await serve(t, (request, response) =>
    sendFile(request, response, { bytes: Buffer.from("inner") }),
  );
  const first = await serve(t, ({ url }, response) => {
    const host = url === "/near" ? "127.0.0.1" : "localhost";
    response.writeHead(302, { location: inner.url.replace("127.0.0.1", host) }).end();
  });
  assert.equal((await find(t, `${first.url}/near`)).length, 5);
  const before = inner.asked.length;
  await assert.rejects(find(t, `${first.url}/far`), refused);
  assert.equal(inner.asked.length, before);
  assert.equal((await find(t, `${first.url}/far`, { allowPrivate: true })).length, 5);
});

test("a redirect to a private address is refused through a proxy, too", async (t) => {
  const proxy = await serve(t, (_request, response) =>
    response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data/" }).end(),
  );
  const proxies = chooseProxies(proxy.url, {});
  await assert.rejects(find(t, "http://store.invalid/", { proxies }), refused);
  assert.equal(proxy.asked.length, 1);
});

test("Node's own connections look names up by the same rule", async () => {
  const look = (reach: typeof anywhere) => promisify(reachingLookup(reach))("localhost", { all: true });
  await assert.rejects(look(publicOnly), /loopback/);
  assert.ok(await look(anywhere));
});
