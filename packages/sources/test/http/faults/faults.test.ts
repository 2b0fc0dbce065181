import assert from "node:assert/strict";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import type { SourceError } from "@brigade/core";
import { httpPort, makeCertificate, tcpPort, tlsPort } from "../../../../../test/field/servers/ports.ts";
import { HttpClient, type HttpClientOptions } from "../../../src/http/client.ts";
import { readAuthorities, tlsSettings } from "../../../src/http/connecting/trust.ts";
import { noProxies } from "../../../src/http/proxies/proxies.ts";
import { caught, failure } from "../../failure.ts";

const remedies = { address: "MY_VARIABLE" };

function clientOf(t: TestContext, options: Partial<HttpClientOptions> = {}): HttpClient {
  const client = new HttpClient({
    connectTimeoutMs: 500,
    headersTimeoutMs: 500,
    silenceTimeoutMs: 500,
    proxies: noProxies,
    tls: { rejectUnauthorized: false },
    allowPrivate: false,
    ...options,
  });
  t.after(() => client[Symbol.asyncDispose]());
  return client;
}

async function ask(client: HttpClient, origin: string): Promise<number> {
  const to = client.origin(origin, 4, remedies);
  const { status, body } = await to.send("GET", "/", [], new AbortController().signal);
  body.cancel();
  return status;
}

async function fault(
  t: TestContext,
  origin: string,
  options: Partial<HttpClientOptions> = {},
): Promise<SourceError> {
  const error = await caught(ask(clientOf(t, options), origin));
  assert.match(error.message, new RegExp(`^${RegExp.escape(origin)}: `));
  assert.doesNotMatch(error.message.replaceAll(/\(.*?\)/g, ""), /SSL routines|routines:|ERR_|UND_/);
  return error;
}

/** What no waiting mends. */
async function lasting(t: TestContext, origin: string, words: RegExp, options = {}): Promise<void> {
  const error = await fault(t, origin, options);
  assert.deepEqual([error.kind, error.scope], ["misconfigured", "source"], error.message);
  assert.match(error.message, words);
}

/** What may be over in a while. */
async function passing(t: TestContext, origin: string, words: RegExp, scope = "source"): Promise<void> {
  const error = await fault(t, origin);
  assert.deepEqual([error.kind, error.scope], ["transport", scope], error.message);
  assert.match(error.message, words);
}

test("TLS to a port that speaks plain HTTP, or another protocol, is reported as that", async (t) => {
  const words = /this port speaks no TLS: http:\/\/ meant\?/;
  await lasting(t, `https://127.0.0.1:${await httpPort(t)}`, words);
  const ssh = await tcpPort(t, (socket) => void socket.write("SSH-2.0-OpenSSH_9.2\r\n"));
  await lasting(t, `https://127.0.0.1:${ssh}`, words);
});

test("plain HTTP to a TLS port is reported as that, whether the server answers or just closes", async (t) => {
  const words = /this port speaks TLS: https:\/\/ meant\? Check MY_VARIABLE/;
  const certificate = makeCertificate(t);
  await lasting(t, `http://127.0.0.1:${await tlsPort(t, certificate)}`, words);
  const oldTls = { ...certificate, maxVersion: "TLSv1.2" } as const;
  await lasting(t, `http://127.0.0.1:${await tlsPort(t, oldTls)}`, words);
  const alert = await tcpPort(t, (socket) =>
    socket.once("data", (bytes) => {
      // The TLS probe, which comes second, gets an alert, too.
      socket.end(
        bytes[0] === 0x16 ? Buffer.from([21, 3, 3, 0, 2, 2, 40]) : Buffer.from([21, 3, 1, 0, 2, 2, 70]),
      );
    }),
  );
  await lasting(t, `http://127.0.0.1:${alert}`, words);
});

test("a server that speaks only old TLS, or shares no cipher, is reported as that", async (t) => {
  const certificate = makeCertificate(t);
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  const oldPort = await tlsPort(t, { ...certificate, ...old });
  await lasting(t, `https://127.0.0.1:${oldPort}`, /only old versions of TLS.*TLS 1\.2/);
  const other = { ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256", maxVersion: "TLSv1.2" } as const;
  const otherPort = await tlsPort(t, { ...certificate, ...other });
  await lasting(t, `https://127.0.0.1:${otherPort}`, /shares no version or cipher/);
});

test("an unknown name in TLS is reported as that", async (t) => {
  const alert = await tcpPort(t, (socket) =>
    socket.once("data", () => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 112]))),
  );
  await lasting(t, `https://localhost:${alert}`, /no site of this name.*MY_VARIABLE/);
});

test("a demanded client certificate is reported, with TLS 1.2 and with 1.3, where the alert comes late", async (t) => {
  const certificate = makeCertificate(t);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    const demanding = { ...certificate, requestCert: true, rejectUnauthorized: true, maxVersion };
    const port = await tlsPort(t, demanding);
    await lasting(t, `https://127.0.0.1:${port}`, /it demands a client certificate/);
  }
});

test("certificates: for another name, expired, signed by nobody known; a file of the signer makes it good", async (t) => {
  const tls = { rejectUnauthorized: true };
  const good = makeCertificate(t);
  const port = await tlsPort(t, good);
  await lasting(
    t,
    `https://127.0.0.1:${port}`,
    /no authority that this machine trusts.*NODE_EXTRA_CA_CERTS/,
    {
      tls,
    },
  );
  for (const name of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"]) {
    const trusting = tlsSettings(readAuthorities({ [name]: good.file }));
    assert.equal(await ask(clientOf(t, { tls: trusting }), `https://127.0.0.1:${port}`), 200, name);
  }
  const other = makeCertificate(t, { names: "DNS:other.example" });
  const otherTls = tlsSettings(readAuthorities({ SSL_CERT_FILE: other.file }));
  await lasting(t, `https://127.0.0.1:${await tlsPort(t, other)}`, /other names.*MY_VARIABLE/, {
    tls: otherTls,
  });
  const expired = makeCertificate(t, { expired: true });
  const expiredTls = tlsSettings(readAuthorities({ SSL_CERT_FILE: expired.file }));
  await lasting(t, `https://127.0.0.1:${await tlsPort(t, expired)}`, /it has expired/, { tls: expiredTls });
});

test("a file of certificates that cannot be read, or holds none, is a mistake of the configuration", (t) => {
  const { file } = makeCertificate(t);
  assert.throws(() => readAuthorities({ SSL_CERT_FILE: `${file}.gone` }), {
    name: "ConfigError",
    message: /SSL_CERT_FILE/,
  });
  assert.throws(() => readAuthorities({ NODE_EXTRA_CA_CERTS: import.meta.filename }), {
    name: "ConfigError",
  });
});

test("a server that speaks no HTTP is reported with what it sent", async (t) => {
  for (const [banner, words] of [
    ["SSH-2.0-OpenSSH_9.2p1\r\n", /speaks no HTTP \(an SSH server says "SSH-2.0.*MY_VARIABLE/],
    ["220 mail.example ESMTP\r\n", /a mail or FTP server says "220 mail/],
    ["\x00\x01\x02\x03", /cannot be read/],
  ] as const) {
    const port = await tcpPort(t, (socket) => void socket.write(banner));
    await lasting(t, `http://127.0.0.1:${port}`, words);
  }
});

test("port 0, and a name that does not exist, are mistakes; a refused port may be over in a while", async (t) => {
  await lasting(t, "http://127.0.0.1:0", /port 0 cannot be asked: check MY_VARIABLE/);
  await lasting(t, "http://brigade-test.invalid", /no host of this name.*MY_VARIABLE/);
  await passing(t, "http://127.0.0.1:1", /nothing listens on this port \(connection refused\).*MY_VARIABLE/);
  await passing(t, "https://localhost:1", /nothing listens on this port/);
});

test("silence, and a connection that is cut, are reported as such, and as one request's fault", async (t) => {
  const silent = await tcpPort(t, () => {});
  await passing(t, `http://127.0.0.1:${silent}`, /no answer in time/, "object");
  const closing = await tcpPort(t, (socket) => socket.once("data", () => socket.end()));
  await passing(t, `http://127.0.0.1:${closing}`, /closed/, "object");
  const resetting = await tcpPort(t, (socket) => socket.resetAndDestroy());
  await passing(t, `http://127.0.0.1:${resetting}`, /./, "object");
});

test("a TLS handshake that takes too long is reported as no connection", async (t) => {
  const silent = await tcpPort(t, () => {});
  await passing(t, `https://127.0.0.1:${silent}`, /no connection came about in time/);
});

test("what begins after the origin has worked is an outage", async (t) => {
  let broken = false;
  const plain = await httpPort(t);
  const good = await tlsPort(t, makeCertificate(t));
  const port = await tcpPort(t, (socket) => {
    const to = connect(broken ? plain : good, "127.0.0.1");
    to.on("error", () => socket.destroy());
    socket.pipe(to).pipe(socket);
    socket.on("close", () => to.destroy());
  });
  const client = clientOf(t);
  const to = client.origin(`https://127.0.0.1:${port}`, 1, remedies);
  const send = async () => {
    const never = new AbortController().signal;
    const { body } = await to.send("GET", "/", ["connection", "close"], never);
    await body.bytes();
  };
  await send();
  broken = true;
  const error = await caught(send());
  assert.deepEqual([error.kind, error.scope], ["transport", "source"]);
  assert.match(error.message, /speaks no TLS/);
  broken = false;
  await send();
});

test("an origin that many requests name is made once", (t) => {
  const client = clientOf(t);
  const to = () => client.otherOrigin("http://127.0.0.1:1", { scope: "object", remedies, isNamed: true });
  assert.equal(to(), to());
});

test("an origin that a redirect or a list names has faults of the scope that it was given", async (t) => {
  const client = clientOf(t);
  const to = client.otherOrigin("http://127.0.0.1:1", { scope: "object", remedies, isNamed: true });
  const error = await caught(to.send("GET", "/", [], new AbortController().signal));
  assert.deepEqual([error.kind, error.scope], ["transport", "object"]);
  await assert.rejects(
    client
      .otherOrigin("http://127.0.0.1:0", { scope: "origin", remedies, isNamed: true })
      .send("GET", "/", [], AbortSignal.timeout(1000)),
    failure("misconfigured"),
  );
});
