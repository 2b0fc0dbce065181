import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { listening } from "../../../../../test/field/servers/ports.ts";
import { anywhere } from "../../../src/http/origins/reach.ts";
import { Route } from "../../../src/http/origins/route.ts";
import { routeRefusal } from "../../../src/http/reading/refusal.ts";
import { ResponseBody } from "../../../src/http/reading/response-body.ts";
import { parseSource } from "../../../src/index.ts";
import { caught } from "../../failure.ts";
import { signal } from "../../scenario.ts";

const page = '<title>Index of /</title><a href="a">a</a>';

/** A site that is reached through a proxy, which answers in this way. */
async function behindProxy(t: TestContext, answer: RequestListener) {
  const proxy = `http://127.0.0.1:${await listening(t, createServer(answer))}`;
  const source = parseSource("http://site.invalid/", {}).create({ HTTP_PROXY: proxy }, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return source;
}

/** The server's own answers, handed on. */
const server: RequestListener = ({ url, method }, response) => {
  response.setHeader("server", "nginx");
  if (url === "http://site.invalid/") response.setHeader("content-type", "text/html").end(page);
  else if (url === "http://site.invalid/a") response.end(method === "HEAD" ? "" : "hello");
  else response.writeHead(404).end("not found");
};

test("a 404 that may be the proxy's own does not count as the server's: nothing vanishes by it", async (t) => {
  const source = await behindProxy(t, (_request, response) => response.writeHead(404).end("No such domain"));
  for (const asking of [
    () => source.open({ key: "a" }, undefined, signal()),
    () => source.stat("a", signal()),
    () => source.listPage("", undefined, signal()),
  ]) {
    const error = await caught(asking());
    assert.equal(error.kind, "forbidden");
    assert.match(
      error.message,
      /status 404, which may be the word of the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTP_PROXY\)/,
    );
  }
});

test("a page of the proxy's own does not count as the server's, either", async (t) => {
  let isGone = false;
  const source = await behindProxy(t, (_request, response) => {
    if (isGone) response.writeHead(404).end();
    else response.setHeader("content-type", "text/html").end("<h1>Log in</h1>");
  });
  const portal = await source.open({ key: "a.jpg" }, undefined, signal());
  await caught(portal.bytes());
  isGone = true;
  assert.equal((await caught(source.stat("a.jpg", signal()))).kind, "forbidden");
});

for (const [what, prove] of [
  [
    "an object",
    async (source) => void (await source.open({ key: "a", size: 5 }, undefined, signal())).cancel(),
  ],
  ["a listing", async (source) => void (await source.listPage("", undefined, signal()))],
] satisfies [string, (source: Awaited<ReturnType<typeof behindProxy>>) => Promise<void>][])
  test(`when ${what} has come through the proxy, the server's 404 counts, and the proxy's own still does not`, async (t) => {
    let isLost = false;
    const source = await behindProxy(t, (request, response) => {
      if (isLost) response.writeHead(404).end("No such domain");
      else server(request, response);
    });
    assert.equal((await caught(source.stat("b", signal()))).kind, "forbidden");
    await prove(source);
    assert.equal(await source.stat("b", signal()), undefined);
    isLost = true;
    assert.equal((await caught(source.stat("b", signal()))).kind, "forbidden");
  });

test("a SOCKS5 proxy passes bytes on: what looks like a proxy's own refusal is the server's", () => {
  const refusalBy = (scheme: string) => {
    const proxy = { url: new URL(`${scheme}://127.0.0.1:1080`), setBy: "ALL_PROXY" };
    const route = new Route("http://site.invalid", {
      proxy,
      reach: anywhere,
      scope: "source",
      remedies: { address: "the URL" },
    });
    const body = new ResponseBody({ pause() {}, resume() {}, abort() {} }, 0, true);
    return routeRefusal(
      { status: 503, statusText: "", headers: { server: "tinyproxy/1.11" }, body, route },
      "",
    );
  };
  assert.match(refusalBy("http")?.message ?? "", /the proxy .* does not reach site\.invalid/);
  assert.equal(refusalBy("socks5"), undefined);
});
