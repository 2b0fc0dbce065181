import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { failure } from "../failure.ts";
import { entry, serve, signal, sourceFor } from "../scenario.ts";

test("sends http requests through the proxy, except to the hosts that need none", async (t) => {
  const store = await serve(t, (_request, response) => response.end("direct"));
  const proxy = await serve(t, (_request, response) => response.end("proxied"));
  const read = async (environment: Record<string, string>) => {
    const source = sourceFor(t, environment);
    return Buffer.from(await (await source.open(entry("a#b", 6), undefined, signal())).bytes()).toString();
  };
  const environment = { UPYUN_ENDPOINT: "http://store.invalid", HTTP_PROXY: proxy.url };
  assert.equal(await read(environment), "proxied");
  assert.equal(proxy.asked[0], "GET http://store.invalid/bucket/a%23b");
  assert.equal(proxy.headers[0]?.host, "store.invalid");
  assert.equal(proxy.headers[0]?.["proxy-connection"], "keep-alive");
  assert.match(proxy.headers[0]?.authorization ?? "", /^UPYUN /);
  assert.equal(await read({ ...environment, UPYUN_ENDPOINT: store.url, no_proxy: "127.0.0.1" }), "direct");
  assert.equal(await read({ ...environment, UPYUN_ENDPOINT: store.url }), "proxied");
});

test("logs in at a proxy, and reports a proxy that demands a login", async (t) => {
  const proxy = await serve(t, ({ headers }, response) => {
    if (headers["proxy-authorization"] === `Basic ${Buffer.from("me:secret").toString("base64")}`)
      response.end("in");
    else response.writeHead(407).end();
  });
  const open = (url: string) =>
    sourceFor(t, { UPYUN_ENDPOINT: "http://store.invalid", HTTP_PROXY: url }).open(
      entry("a", 2),
      undefined,
      signal(),
    );
  const body = await open(proxy.url.replace("//", "//me:secret@"));
  assert.equal(Buffer.from(await body.bytes()).toString(), "in");
  await assert.rejects(open(proxy.url), failure("misconfigured", /proxy/));
});

test("reaches https through a tunnel", async (t) => {
  const asked: (string | undefined)[] = [];
  const { createServer } = await import("node:http");
  const proxy = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => proxy.once("listening", resolve));
  t.after(() => proxy.close());
  proxy.on("connect", ({ url }: { url?: string }, socket: Socket) => {
    asked.push(url);
    socket.end("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  });
  const address = proxy.address();
  assert.ok(typeof address === "object" && address !== null);
  const source = sourceFor(t, {
    UPYUN_ENDPOINT: "https://store.invalid",
    HTTPS_PROXY: `127.0.0.1:${address.port}`,
  });
  await assert.rejects(source.open(entry("a", 2), undefined, signal()), failure("transport", /503/));
  assert.deepEqual(asked, ["store.invalid:443"]);
});
