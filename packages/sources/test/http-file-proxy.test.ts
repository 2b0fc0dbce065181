import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { ConfigError, type Environment } from "@brigade/core";
import { chooseProxies } from "@brigade/sources";
import { proxyFor } from "../src/http/proxies.ts";
import { failure } from "./failure.ts";
import { find, read, sendFile } from "./http-file-scene.ts";
import { serve } from "./scenario.ts";

const content = { bytes: Buffer.from("0123456789"), etag: '"one"' };

function chosen(url: string, environment: Environment, asked?: string): string | undefined {
  return proxyFor(new URL(url), chooseProxies(asked, environment))?.url.href;
}

test("the proxy is chosen by scheme; lower case wins, ALL_PROXY fills in, --proxy counts alone", () => {
  const environment = {
    HTTP_PROXY: "upper:1",
    http_proxy: "lower:2",
    ALL_PROXY: "socks5h://all:3",
    NO_PROXY: "*",
  };
  assert.equal(chosen("http://a/", { ...environment, NO_PROXY: "" }), "http://lower:2/");
  assert.equal(chosen("https://a/", { ...environment, NO_PROXY: "" }), "socks5://all:3");
  assert.equal(chosen("http://a/", environment), undefined);
  assert.equal(chosen("http://a/", environment, "https://asked:4"), "https://asked:4/");
  assert.equal(chosen("http://a/", { HTTPS_PROXY: "https:1" }), undefined);
});

test("NO_PROXY names hosts with what is below them, ports, addresses and networks", () => {
  const except = "example.com, .other.org *.wild.net,plain:8080 10.0.0.0/8,[::1]:81,fd00::/8";
  const direct = (url: string) => chosen(url, { http_proxy: "proxy:1", no_proxy: except }) === undefined;
  for (const url of [
    "http://example.com/",
    "http://a.EXAMPLE.com:99/",
    "http://other.org/",
    "http://plain:8080/",
    "http://10.1.2.3/",
    "http://[::1]:81/",
    "http://[fd00::1]/",
  ])
    assert.ok(direct(url), url);
  for (const url of [
    "http://badexample.com/",
    "http://plain/",
    "http://11.1.2.3/",
    "http://[::1]/",
    "http://com/",
  ])
    assert.ok(!direct(url), url);
});

test("a proxy of another kind is refused, without showing its password", () => {
  for (const text of ["ftp://me:geheim@host", "socks4://me:geheim@host:1", "http://"])
    assert.throws(
      () => chooseProxies(text, {}),
      (error) => error instanceof ConfigError && !error.message.includes("geheim"),
    );
});

/** A SOCKS5 proxy that wants this user and password (RFC 1928, 1929) and connects to one port whatever is asked for. */
async function serveSocks(t: TestContext, user: string, password: string, port: number): Promise<string> {
  const { connect } = await import("node:net");
  const talk = async (socket: Socket) => {
    const next = async (): Promise<Buffer> => (await once(socket, "data"))[0];
    const methods = await next();
    if (!methods.subarray(2).includes(2)) return socket.end(Buffer.from([5, 255]));
    socket.write(Buffer.from([5, 2]));
    const login = await next();
    const given = login.subarray(2).toString();
    if (!given.startsWith(user) || !given.endsWith(password)) return socket.end(Buffer.from([1, 1]));
    socket.write(Buffer.from([1, 0]));
    await next();
    const target = connect(port, "127.0.0.1", () => {
      socket.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]));
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.destroy());
    return socket.on("close", () => target.destroy());
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    talk(socket).catch(() => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("reaches a server through SOCKS5 with a user and a password, decoded; the proxy looks its name up", async (t) => {
  const { url } = await serve(t, (request, response) => sendFile(request, response, content));
  const proxy = await serveSocks(t, "me", "p@ss", Number(new URL(url).port));
  const file = await find(t, "http://store.invalid/a.zip", {
    proxies: chooseProxies(`socks5://me:p%40ss@${proxy}`, {}),
  });
  assert.equal(await read(file, 3, 5), "345");
  for (const login of ["me:wrong@", ""])
    await assert.rejects(
      find(t, "http://store.invalid/", { proxies: chooseProxies(`socks5://${login}${proxy}`, {}) }),
      failure("misconfigured", /the proxy .*:\d+ \(--proxy\) refuses our user and password/),
    );
});

test("reaches a server through an HTTP proxy with a user and a password", async (t) => {
  const proxy = await serve(t, (request, response) => {
    if (request.headers["proxy-authorization"] !== `Basic ${Buffer.from("me:p@ss").toString("base64")}`)
      return response.writeHead(407).end();
    return sendFile(request, response, content);
  });
  const through = (login: string) => ({ proxies: chooseProxies(proxy.url.replace("//", `//${login}`), {}) });
  const file = await find(t, "http://store.invalid/a.zip", through("me:p%40ss@"));
  assert.equal(await read(file, 3, 5), "345");
  assert.equal(proxy.asked[0], "GET http://store.invalid/a.zip");
  const refused = failure("misconfigured", /the proxy .*:\d+ \(--proxy\) refuses our user and password/);
  await assert.rejects(find(t, "http://store.invalid/", through("me:wrong@")), refused);
});
