import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brigade, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { until } from "../waiting.ts";
import { changingProxy } from "./servers/http-proxies.ts";
import { httpPort, makeCertificate, tcpPort, tlsPort } from "./servers/ports.ts";

const files = 200;

/** A site of one directory whose files are slow, so that a fault can begin in the middle. */
function slowSite() {
  const asked: string[] = [];
  const answer = ({ url = "" }: IncomingMessage, response: ServerResponse): void => {
    if (url.endsWith("/")) {
      const rows = Array.from(
        { length: files },
        (_, n) => `<a href="${n}.jpg">${n}.jpg</a>   09-Nov-2016 14:26   5\r\n`,
      );
      return void response
        .writeHead(200, { "content-type": "text/html" })
        .end(`<title>Index of /</title>${rows.join("")}`);
    }
    asked.push(url);
    setTimeout(() => {
      response.writeHead(200, { "content-length": 5, "last-modified": "Wed, 09 Nov 2016 14:26:58 GMT" });
      response.end("bytes");
    }, 20);
  };
  return { asked, answer };
}

/** Forwards to one port or to another; open connections are cut when it changes. */
async function switchOf(t: TestContext, first: number) {
  let target = first;
  const open = new Set<Socket>();
  const port = await tcpPort(t, (near) => {
    const far = connect(target, "127.0.0.1");
    open.add(near);
    far.on("error", () => near.destroy());
    near.pipe(far).pipe(near);
    near.on("close", () => {
      far.destroy();
      open.delete(near);
    });
  });
  return {
    port,
    lead(to: number) {
      target = to;
      for (const socket of open) socket.destroy();
    },
  };
}

interface Trouble {
  readonly source: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly asked: readonly string[];
  begin(): void;
  end(): void;
  readonly words: RegExp;
}

/**
 * Runs a copy in which a fault begins in the middle that would have ended it at the start: it
 * waits, and goes on.
 */
async function waitsItOut(t: TestContext, { source, environment, asked, words, ...trouble }: Trouble) {
  const volume = await temporaryFolder(t);
  const running = startBrigade(["copy", source, volume], { FETCH_CONCURRENCY: "2", ...environment });
  let told = "";
  running.child.stderr?.on("data", (bytes: Buffer) => {
    told += bytes.toString();
  });
  await until("some files came", () => asked.length > 20);
  trouble.begin();
  await until("it pauses and says why", () => words.test(told));
  const before = asked.length;
  trouble.end();
  const { code, stderr } = await running.finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /pauses/);
  assert.ok(before < files, "it was caught in the middle");
  const [name] = (await filesBelow(volume))[0]?.split("/") ?? [];
  assert.equal((await filesBelow(join(volume, name ?? ""))).length, files);
}

test("if TLS stops working in mid-run it is an outage, and the run goes on after it", async (t) => {
  const { asked, answer } = slowSite();
  const certificate = makeCertificate(t);
  const way = await switchOf(t, await tlsPort(t, certificate, answer));
  const plain = await httpPort(t);
  const good = await tlsPort(t, certificate, answer);
  await waitsItOut(t, {
    source: `https://localhost:${way.port}/`,
    environment: { SSL_CERT_FILE: certificate.file },
    asked,
    begin: () => way.lead(plain),
    end: () => way.lead(good),
    words: /this port speaks no TLS/,
  });
});

test("a client certificate that is demanded from mid-run on is an outage", async (t) => {
  const { asked, answer } = slowSite();
  const certificate = makeCertificate(t);
  const good = await tlsPort(t, certificate, answer);
  const way = await switchOf(t, good);
  const strict = {
    ...certificate,
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion: "TLSv1.2",
  } as const;
  const demanding = await tlsPort(t, strict);
  await waitsItOut(t, {
    source: `https://localhost:${way.port}/`,
    environment: { NODE_EXTRA_CA_CERTS: certificate.file },
    asked,
    begin: () => way.lead(demanding),
    end: () => way.lead(good),
    words: /shares no version or cipher|client certificate/,
  });
});

test("a proxy that begins to refuse in mid-run is an outage, and is named", async (t) => {
  const { asked, answer } = slowSite();
  const certificate = makeCertificate(t);
  const port = await tlsPort(t, certificate, answer);
  const proxy = await changingProxy(t);
  await waitsItOut(t, {
    source: `https://localhost:${port}/`,
    environment: { SSL_CERT_FILE: certificate.file, HTTPS_PROXY: proxy.url },
    asked,
    begin: () => {
      proxy.refusal = 403;
    },
    end: () => {
      proxy.refusal = undefined;
    },
    words: /\(HTTPS_PROXY\) refuses to connect/,
  });
});

test("a server or a proxy that is not there is reported at once, and the outage is counted from there", async (t) => {
  for (const [args, environment, words] of [
    [["upyun://demo/"], { UPYUN_ENDPOINT: "http://127.0.0.1:1" }, /nothing listens.*Check UPYUN_ENDPOINT/],
    [["http://127.0.0.1:1/"], {}, /nothing listens/],
    [
      ["https://store.invalid/"],
      { HTTPS_PROXY: "http://127.0.0.1:1" },
      /the proxy http:\/\/127\.0\.0\.1:1 \(HTTPS_PROXY\): nothing listens/,
    ],
    [
      ["http://store.invalid/"],
      { ALL_PROXY: "socks5://127.0.0.1:1" },
      /the proxy socks5:\/\/127\.0\.0\.1:1 \(ALL_PROXY\): nothing listens/,
    ],
  ] as const) {
    const credentials = { UPYUN_OPERATOR: "operator", UPYUN_PASSWORD: "password" };
    const began = Date.now();
    const { code, stderr } = await brigade(["copy", ...args, await temporaryFolder(t)], {
      ...{ ...credentials, OUTAGE_LIMIT_MS: "3000" },
      ...environment,
    });
    assert.equal(code, 4, stderr);
    const lines = stderr.trim().split("\n");
    const pause = lines
      .map((line) => (line.startsWith("{") ? JSON.parse(line) : {}))
      .find(({ level }) => level >= 40);
    assert.match(String(pause?.reason), words, stderr);
    assert.ok(pause.time - began < 10_000, `told after ${pause.time - began} ms`);
    assert.match(lines.at(-1) ?? "", words);
    assert.ok(Date.now() - pause.time < 10_000, "it gave up when the limit was over");
  }
});

test("a silent server is reported before its timeouts are over", async (t) => {
  const silent = `http://127.0.0.1:${await tcpPort(t, () => {})}`;
  const running = startBrigade(["copy", `${silent}/`, await temporaryFolder(t)]);
  const began = performance.now();
  let told = "";
  running.child.stderr?.on("data", (bytes: Buffer) => {
    told += bytes.toString();
  });
  await until("it says what it waits for", () => told.includes(`${silent} has not answered for 8 s`));
  assert.ok(performance.now() - began < 15_000);
  running.child.kill("SIGKILL");
  await running.finished;
});
