import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, type Finished, temporaryFolder } from "../e2e/brigade.ts";
import { login, startMicrosocks, startSquid } from "../get/proxies.ts";
import { refusingProxy, startTinyproxy } from "./servers/http-proxies.ts";
import { httpPort, makeCertificate, tcpPort, tlsPort } from "./servers/ports.ts";

/** Seconds: five on a quiet machine. Waiting as in an outage would take an hour. */
const soon = 30;

interface Mistake {
  readonly origin: string;
  readonly words: RegExp;
  readonly environment?: NodeJS.ProcessEnv;
}

/** Fails unless the exit code is 4, soon, with a last line that names the cause. */
async function endsAtOnce(run: () => Promise<Finished>, words: RegExp, what: string): Promise<void> {
  const began = performance.now();
  const { code, stderr } = await run();
  const seconds = (performance.now() - began) / 1000;
  assert.equal(code, 4, `${what}: ${stderr}`);
  assert.ok(seconds < soon, `${what}: ${seconds} s`);
  const last = stderr.trim().split("\n").at(-1) ?? "";
  assert.match(last, /^brigade: /, what);
  assert.match(last, words, `${what}: ${stderr}`);
  assert.doesNotMatch(stderr, /SSL routines|\n +at /, what);
}

/** Each way to ask: by REST, through the domain, an index, a list of one host, `get`. */
async function endsEveryWay(t: TestContext, { origin, words, environment = {} }: Mistake): Promise<void> {
  await using bucket = await startBucket({
    tree: syntheticTree({ directories: 1, filesPerDirectory: 5, minSize: 10, maxSize: 99 }),
  });
  const folder = await temporaryFolder(t);
  const list = join(folder, "urls.txt");
  writeFileSync(list, `${origin}/a.jpg\n${origin}/b.jpg\n`);
  const local = { NO_PROXY: "127.0.0.1", ...environment };
  const ways: readonly (readonly [string, string, NodeJS.ProcessEnv])[] = [
    [
      "upyun://demo/",
      "UPYUN_ENDPOINT",
      { ...environmentFor(bucket), UPYUN_ENDPOINT: origin, ...environment },
    ],
    ["upyun://demo/", "UPYUN_DOMAIN", { ...environmentFor(bucket), UPYUN_DOMAIN: origin, ...local }],
    [`${origin}/`, "index", environment],
    [`list:${list}`, "list", { ...environment, ALLOW_PRIVATE: "true" }],
  ];
  for (const [source, name, variables] of ways) {
    const volume = join(folder, name);
    mkdirSync(volume);
    await endsAtOnce(() => brigade(["copy", source, volume], variables), words, `${origin} by ${name}`);
  }
  await endsAtOnce(
    () => brigade(["get", `${origin}/a.zip`, "-d", folder], environment),
    words,
    `${origin} by get`,
  );
}

test("a scheme that does not fit the port ends every kind of run at once", async (t) => {
  await endsEveryWay(t, {
    origin: `https://127.0.0.1:${await httpPort(t)}`,
    words: /this port speaks no TLS: http:\/\/ meant\?/,
  });
});

test("a client certificate that is demanded after the handshake ends every kind of run at once", async (t) => {
  const certificate = makeCertificate(t);
  const demanding = { ...certificate, requestCert: true, rejectUnauthorized: true };
  await endsEveryWay(t, {
    origin: `https://localhost:${await tlsPort(t, demanding)}`,
    words: /it demands a client certificate/,
    environment: { SSL_CERT_FILE: certificate.file },
  });
});

test("a proxy that refuses CONNECT ends every kind of run at once, and is named with its variable", async (t) => {
  await endsEveryWay(t, {
    origin: "https://store.invalid",
    words:
      /the proxy http:\/\/127\.0\.0\.1:\d+ \(HTTPS_PROXY\) refuses to connect to store\.invalid.*NO_PROXY/,
    environment: { HTTPS_PROXY: await refusingProxy(t, 403) },
  });
});

test("every other mistake of an address ends a get at once, in words", async (t) => {
  const certificate = makeCertificate(t);
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  const unknownName = await tcpPort(t, (socket) =>
    socket.once("data", () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112]))),
  );
  const ssh = await tcpPort(t, (socket) => void socket.write("SSH-2.0-OpenSSH_9.2p1\r\n"));
  const mistakes: readonly Mistake[] = [
    { origin: `http://127.0.0.1:${await tlsPort(t, certificate)}`, words: /speaks TLS: https:\/\/ meant/ },
    { origin: `https://127.0.0.1:${await tlsPort(t, certificate)}`, words: /NODE_EXTRA_CA_CERTS/ },
    {
      origin: `https://127.0.0.1:${await tlsPort(t, { ...certificate, ...old })}`,
      words: /old versions of TLS/,
    },
    { origin: `https://localhost:${unknownName}`, words: /no site of this name/ },
    { origin: `http://127.0.0.1:${ssh}`, words: /speaks no HTTP \(an SSH server/ },
    { origin: "http://127.0.0.1:0", words: /port 0/ },
    { origin: "http://brigade-test.invalid", words: /no host of this name/ },
    {
      origin: "https://store.invalid",
      words: /\(ALL_PROXY\): there is no host of this name/,
      environment: { ALL_PROXY: "http://brigade-test.invalid:3128" },
    },
    {
      origin: "https://store.invalid",
      words: /\(HTTPS_PROXY\) refuses our user and password/,
      environment: { HTTPS_PROXY: await refusingProxy(t, 407) },
    },
  ];
  const folder = await temporaryFolder(t);
  for (const { origin, words, environment = {} } of mistakes)
    await endsAtOnce(() => brigade(["get", `${origin}/a.zip`, "-d", folder], environment), words, origin);
});

test("real proxies that refuse us are named with their variable, by what they are", async (t) => {
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755); // squid has a user of its own
  await using tinyproxy = await startTinyproxy(folder, [443]);
  await using squid = await startSquid(folder);
  await using socks = await startMicrosocks();
  const wrong = `http://${login.user}:wrong@${squid.address}`;
  const right = `http://${login.user}:${encodeURIComponent(login.password)}@${squid.address}`;
  const refused = [
    [
      "https://localhost:8443/",
      { ALL_PROXY: `http://${tinyproxy.address}` },
      /\(ALL_PROXY\) refuses to connect/,
    ],
    ["https://store.invalid/", { HTTPS_PROXY: wrong }, /\(HTTPS_PROXY\) refuses our user and password/],
    ["http://store.invalid/", { http_proxy: wrong }, /\(http_proxy\) refuses our user and password/],
    [
      "http://store.invalid/",
      { ALL_PROXY: `socks5://me:wrong@${socks.address}` },
      /refuses our user and password/,
    ],
    // A squid connects to few ports as a rule; this one to all: TLS that fails behind it is the
    // server's.
    [`https://127.0.0.1:${await httpPort(t)}/`, { HTTPS_PROXY: right }, /: this port speaks no TLS/],
  ] as const;
  for (const [source, environment, words] of refused)
    await endsAtOnce(
      async () => brigade(["copy", source, await temporaryFolder(t)], environment),
      words,
      `${source} through ${Object.keys(environment)}`,
    );
});

test("several URLs of get: one host's mistake fails its URL only; a proxy that all need ends the run", async (t) => {
  const folder = await temporaryFolder(t);
  const good = `http://127.0.0.1:${await httpPort(t)}/good.bin`;
  const bad = `https://127.0.0.1:${await httpPort(t)}/bad.bin`;
  const { code, stderr, stdout } = await brigade(["get", bad, good, "-d", folder]);
  assert.equal(code, 3, stderr);
  assert.match(stdout, /good\.bin/);
  const refused = await brigade(["get", good, good, "-d", join(folder, "x")], {
    HTTP_PROXY: await refusingProxy(t, 407),
  });
  assert.equal(refused.code, 4, refused.stderr);
  assert.equal(refused.stderr.trim().split("\n").length, 1, refused.stderr);
});

test("an endpoint that is no UpYun host is reported as that, with any answer", async (t) => {
  const html = { "content-type": "text/html" };
  const servers = [
    await httpPort(t, (_request, response) => response.writeHead(404, html).end("<h1>Not found</h1>")),
    await httpPort(t, (_request, response) => response.writeHead(200, html).end("<h1>Welcome</h1>")),
    await httpPort(t, (_request, response) => response.end()),
    await httpPort(t, (_request, response) => response.writeHead(302, { location: "/login" }).end()),
    await httpPort(t, (_request, response) => response.writeHead(405).end()),
  ];
  const credentials = { UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" };
  for (const port of servers) {
    const folder = await temporaryFolder(t);
    const UPYUN_ENDPOINT = `http://127.0.0.1:${port}`;
    await endsAtOnce(
      () => brigade(["copy", "upyun://demo/", folder], { ...credentials, UPYUN_ENDPOINT }),
      /this host does not answer as UpYun's API does: check UPYUN_ENDPOINT/,
      UPYUN_ENDPOINT,
    );
  }
});

test("a refused listing is explained in words, with the remedy", async (t) => {
  const codes = [
    [40300006, /it has expired/],
    [40300099, /may the operator \(UPYUN_OPERATOR\) read there\? Grant it/],
    [40100017, /no right to read this bucket/],
    [40100021, /bill/],
  ] as const;
  for (const [code, words] of codes) {
    const port = await httpPort(t, (_request, response) => {
      response.writeHead(Math.floor(code / 100_000)).end(JSON.stringify({ code, msg: "no", id: "1" }));
    });
    await endsAtOnce(
      async () =>
        brigade(["copy", "upyun://demo/", await temporaryFolder(t)], {
          ...{ UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" },
          UPYUN_ENDPOINT: `http://127.0.0.1:${port}`,
        }),
      words,
      String(code),
    );
  }
});

test("doctor prints the same words, and names no variable of another kind of source", async (t) => {
  const origin = `https://127.0.0.1:${await httpPort(t)}`;
  const { code, stdout } = await brigade(["doctor", `${origin}/`]);
  assert.equal(code, 4);
  assert.match(stdout, /FAIL +listing +https.*this port speaks no TLS: http:\/\/ meant\?.*\n +→ /);
  assert.doesNotMatch(stdout, /UPYUN/);
});

test("a glob that can match nothing is a usage error, before anything is asked", async (t) => {
  const folder = await temporaryFolder(t);
  for (const args of [
    ["copy", "http://127.0.0.1:1/", folder, "--include", "["],
    ["copy", "http://127.0.0.1:1/", folder, "--dry-run", "--exclude", "{a,b"],
  ]) {
    const { code, stderr } = await brigade(args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /is no glob: Missing closing/);
  }
});
