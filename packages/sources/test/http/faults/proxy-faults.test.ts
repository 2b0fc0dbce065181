import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { inspect } from "node:util";
import type { SourceError } from "@brigade/core";
import {
  httpPort,
  listening,
  makeCertificate,
  tcpPort,
  tlsPort,
} from "../../../../../test/field/servers/ports.ts";
import { HttpClient } from "../../../src/http/client.ts";
import { configuredProxies } from "../../../src/http/proxies/proxies.ts";
import { caught } from "../../failure.ts";

/** What comes of a request to `origin` with these variables. */
async function fault(
  t: TestContext,
  origin: string,
  environment: Record<string, string>,
): Promise<SourceError> {
  const client = new HttpClient({
    connectTimeoutMs: 500,
    headersTimeoutMs: 500,
    silenceTimeoutMs: 500,
    proxies: configuredProxies(environment),
    tls: { rejectUnauthorized: true },
    allowPrivate: false,
  });
  t.after(() => client[Symbol.asyncDispose]());
  const to = client.origin(origin, 4, { address: "MY_VARIABLE" });
  return await caught(to.send("GET", "/", [], new AbortController().signal));
}

/** An HTTP proxy that gives this status to CONNECT, and to requests for http:// URLs. */
async function refusing(
  t: TestContext,
  status: number,
  headers: Record<string, string> = {},
): Promise<string> {
  const proxy = createServer((_request, response) => void response.writeHead(status, headers).end());
  proxy.on("connect", (_request, socket: Socket) => socket.end(`HTTP/1.1 ${status} No\r\n\r\n`));
  return `http://127.0.0.1:${await listening(t, proxy)}`;
}

test("a proxy that refuses CONNECT is named, with its variable and the way past it", async (t) => {
  for (const [status, kind, words] of [
    [403, "misconfigured", /refuses to connect to store\.invalid \(status 403\).*NO_PROXY=store\.invalid/],
    [405, "misconfigured", /does not connect to store\.invalid \(status 405\): is it a proxy for https:/],
    [404, "misconfigured", /is it a proxy/],
    [407, "misconfigured", /refuses our user and password.*HTTPS_PROXY=http:\/\/user:password@host:port/],
    [502, "transport", /does not reach store\.invalid \(status 502\): is that host up/],
    [503, "transport", /does not reach/],
  ] as const) {
    const proxy = await refusing(t, status);
    const error = await fault(t, "https://store.invalid", { HTTPS_PROXY: proxy });
    assert.deepEqual([error.kind, error.scope], [kind, "source"], error.message);
    assert.match(error.message, words);
    assert.ok(error.message.includes(`the proxy ${proxy} (HTTPS_PROXY)`), error.message);
  }
});

test("a proxy's own answer to an http:// URL is distinguished from the server's", async (t) => {
  const squid = { "x-squid-error": "ERR_ACCESS_DENIED 0" };
  const denied = await fault(t, "http://store.invalid", { http_proxy: await refusing(t, 407) });
  assert.equal(denied.kind, "misconfigured");
  assert.match(denied.message, /\(http_proxy\) refuses our user and password/);
  const proxy = await refusing(t, 403, squid);
  const client = await answerOf(t, "http://store.invalid", proxy);
  assert.equal(client.kind, "misconfigured");
  assert.match(client.message, /refuses to connect to store\.invalid/);
});

async function answerOf(t: TestContext, origin: string, proxy: string): Promise<SourceError> {
  const { refusal } = await import("../../../src/http/reading/refusal.ts");
  const client = new HttpClient({
    connectTimeoutMs: 500,
    headersTimeoutMs: 500,
    silenceTimeoutMs: 500,
    proxies: configuredProxies({ HTTP_PROXY: proxy }),
    tls: { rejectUnauthorized: true },
    allowPrivate: false,
  });
  t.after(() => client[Symbol.asyncDispose]());
  const to = client.origin(origin, 4, { address: "MY_VARIABLE" });
  const response = await to.send("GET", "/", [], new AbortController().signal);
  return await refusal(response, origin, 0);
}

test("a proxy that is not there is named, of whatever kind and for either scheme", async (t) => {
  for (const proxy of ["http://127.0.0.1:1", "https://localhost:1", "socks5://127.0.0.1:1"])
    for (const origin of ["http://store.invalid", "https://store.invalid"]) {
      const error = await fault(t, origin, { ALL_PROXY: proxy });
      assert.deepEqual([error.kind, error.scope], ["transport", "source"], error.message);
      assert.ok(error.message.includes(`the proxy ${proxy} (ALL_PROXY): nothing listens`), error.message);
    }
  const unknown = await fault(t, "http://store.invalid", { ALL_PROXY: "http://brigade-test.invalid:3128" });
  assert.equal(unknown.kind, "misconfigured");
  assert.match(unknown.message, /the proxy .*no host of this name.*check ALL_PROXY/);
});

test("faults of the server behind a proxy are the server's", async (t) => {
  const proxy = createServer();
  proxy.on("connect", ({ url = "" }, socket: Socket) => {
    const to = connect(Number(url.split(":")[1]), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(to).pipe(socket);
    });
    to.on("error", () => socket.destroy());
    socket.on("error", () => to.destroy());
  });
  const HTTPS_PROXY = `http://127.0.0.1:${await listening(t, proxy)}`;
  const plain = await fault(t, `https://localhost:${await httpPort(t)}`, { HTTPS_PROXY });
  assert.match(plain.message, /^https:\/\/localhost:\d+: this port speaks no TLS/);
  const own = await fault(t, `https://localhost:${await tlsPort(t, makeCertificate(t))}`, { HTTPS_PROXY });
  assert.match(own.message, /^https:\/\/localhost:\d+: its certificate is not accepted/);
  assert.deepEqual([plain.kind, own.kind], ["misconfigured", "misconfigured"]);
});

test("a silent proxy is waited for as long as a server is, not for minutes", async (t) => {
  const silent = await tcpPort(t, () => {});
  const began = performance.now();
  for (const scheme of ["http", "socks5"]) {
    const error = await fault(t, "https://store.invalid", { ALL_PROXY: `${scheme}://127.0.0.1:${silent}` });
    assert.equal(error.kind, "transport", error.message);
  }
  assert.ok(performance.now() - began < 5000);
});

/**
 * A SOCKS5 proxy that answers the greeting with this method, any login with a refusal, and a
 * request with this reply.
 */
async function socks(t: TestContext, method: number, reply: number): Promise<string> {
  const port = await tcpPort(t, (socket) =>
    socket.once("data", () => {
      socket.write(Buffer.from([5, method]));
      if (method === 2) return void socket.once("data", () => socket.write(Buffer.from([1, 1])));
      socket.once("data", () => socket.write(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])));
    }),
  );
  return `socks5://127.0.0.1:${port}`;
}

test("a refusal by a SOCKS5 proxy is reported in words", async (t) => {
  for (const [reply, kind, words] of [
    [1, "transport", /does not reach store\.invalid/],
    [2, "misconfigured", /refuses by its rules to connect to store\.invalid/],
    [3, "transport", /network unreachable/],
    [4, "transport", /host unreachable/],
    [5, "transport", /connection refused/],
    [7, "misconfigured", /cannot connect/],
  ] as const) {
    const error = await fault(t, "https://store.invalid", { ALL_PROXY: await socks(t, 0, reply) });
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, words);
    assert.match(error.message, /the proxy socks5:\/\/127\.0\.0\.1:\d+ \(ALL_PROXY\)/);
  }
  for (const method of [2, 255]) {
    const error = await fault(t, "http://store.invalid", { ALL_PROXY: await socks(t, method, 0) });
    assert.match(error.message, /refuses our user and password.*ALL_PROXY=socks5:\/\/user:password/);
  }
  const web = `socks5://127.0.0.1:${await tcpPort(t, (socket) => void socket.once("data", () => socket.end("HTTP/1.1 400 Bad\r\n\r\n")))}`;
  const error = await fault(t, "http://store.invalid", { ALL_PROXY: web });
  assert.match(error.message, /it is no SOCKS5 proxy: http:\/\/ meant\?/);
});

test("a proxy that closes at any point of the handshake is noticed at once, and named", async (t) => {
  const began = performance.now();
  const words = (...bytes: number[]) => Buffer.from(bytes);
  const stages: readonly (readonly [string, readonly Buffer[]])[] = [
    ["http", []],
    ["http", [Buffer.from("HTTP/1.1 200")]],
    ["https", []],
    ["socks5", []],
    ["socks5", [words(5)]],
    ["socks5", [words(5, 0)]],
    ["socks5", [words(5, 2)]],
    ["socks5", [words(5, 2), words(1, 0)]],
    ["socks5", [words(5, 0), words(5, 0, 0, 1)]],
  ];
  for (const [scheme, answers] of stages)
    for (const end of ["end", "resetAndDestroy"] as const) {
      const port = await closingProxy(t, answers, end);
      const ALL_PROXY = `${scheme}://u:geheim@127.0.0.1:${port}`;
      const error = await fault(t, "https://store.invalid", { ALL_PROXY });
      assert.deepEqual([error.kind, error.scope], ["transport", "source"], error.message);
      assert.match(error.message, /the proxy .*\(ALL_PROXY\): it closes the connection without an answer/);
      assert.doesNotMatch(inspect(error, { depth: 9 }), /geheim/);
    }
  // Each alone would wait half a second for a connection that does not come about.
  assert.ok(performance.now() - began < 18 * 500);
});

/** Gives these answers, one to each thing that is said, and closes when they are used up. */
async function closingProxy(
  t: TestContext,
  answers: readonly Buffer[],
  end: "end" | "resetAndDestroy",
): Promise<number> {
  return await tcpPort(t, (socket) => {
    const left = [...answers];
    socket.on("data", () => {
      const next = left.shift();
      if (next !== undefined) socket.write(next);
      if (left.length === 0) setImmediate(() => socket[end]());
    });
  });
}

test("a proxy that is asked for http:// and closes, or speaks something else, is named", async (t) => {
  const cut = await tcpPort(t, (socket) => void socket.once("data", () => socket.end()));
  const broken = await fault(t, "http://store.invalid", { http_proxy: `127.0.0.1:${cut}` });
  assert.match(
    broken.message,
    /the proxy http:\/\/127\.0\.0\.1:\d+ \(http_proxy\): the connection broke off/,
  );
  assert.equal(broken.scope, "object");
  const ssh = await tcpPort(t, (socket) => void socket.write("SSH-2.0-OpenSSH_9.2p1\r\n"));
  for (const origin of ["http://store.invalid", "https://store.invalid"]) {
    const error = await fault(t, origin, { ALL_PROXY: `127.0.0.1:${ssh}` });
    assert.equal(error.kind, "misconfigured");
    assert.match(error.message, /the proxy http:\/\/127\.0\.0\.1:\d+ \(ALL_PROXY\): .* speaks no HTTP/);
  }
});
