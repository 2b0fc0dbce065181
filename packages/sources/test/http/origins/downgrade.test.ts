import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { RequestListener } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { caught } from "../../failure.ts";
import { asUpyun, entry, serve, signal, sourceFor } from "../../scenario.ts";

/** A web server with a certificate that its own key has signed. */
async function serveTls(
  t: TestContext,
  answer: RequestListener,
): Promise<{ url: string; host: string; ca: string }> {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, ca] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=cdn", "-days", "1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", ca],
  ]);
  assert.equal(made.error, undefined, "this test needs openssl");
  const server = createServer({ key: readFileSync(key), cert: readFileSync(ca) }, answer);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `https://${host}`, host, ca };
}

test("a domain's redirect from https to http is not followed: objects come by REST, and one line says so", async (t) => {
  const edge = await serve(t, (_request, response) => response.end("edge."));
  const cdn = await serveTls(t, ({ url }, response) =>
    response.writeHead(302, { location: `${edge.url}/${cdn.host}${url}` }).end(),
  );
  const rest = await serve(
    t,
    asUpyun((request, response) => {
      if (request.method === "GET") return void response.end("store");
      const date = { "x-upyun-file-date": 1, "x-upyun-file-size": 5, "x-upyun-file-type": "file" };
      response.writeHead(200, date).end();
    }),
  );
  const environment = { UPYUN_ENDPOINT: rest.url, UPYUN_DOMAIN: cdn.url, SSL_CERT_FILE: cdn.ca };
  const source = sourceFor(t, environment);
  const lines: string[] = [];
  source.notices.onNotice = (line) => lines.push(line);
  for (const key of ["a", "b"]) {
    const body = await source.open(entry(key, 5), undefined, signal());
    assert.equal(Buffer.from(await body.bytes()).toString(), "store");
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /from https to http.*REST/);
  const pictures = sourceFor(t, { ...environment, UPYUN_VERSION: "!s400" });
  const refused = await caught(pictures.open(entry("a", 5), undefined, signal()));
  assert.equal(refused.kind, "forbidden");
  assert.deepEqual(edge.asked, []);
});
