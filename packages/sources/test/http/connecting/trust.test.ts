import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rootCertificates } from "node:tls";
import { ConfigError } from "@brigade/core";
import { readAuthorities, tlsSettings } from "../../../src/http/connecting/trust.ts";

const [authority = ""] = rootCertificates;

test("a file of authorities is read, and makes a context for TLS", (t) => {
  const file = fileWith(`# an authority\n${authority}\n`, t);
  const texts = readAuthorities({ SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: file });
  assert.equal(texts.length, 1);
  assert.ok(tlsSettings(texts).secureContext);
});

for (const [what, text] of Object.entries({
  "no certificate": "a text",
  "a certificate that is cut": authority.slice(0, 200),
  "a certificate of other bytes": "-----BEGIN CERTIFICATE-----\nTUlJ\n-----END CERTIFICATE-----\n",
})) {
  test(`a file of authorities with ${what} is a mistake in the configuration`, (t) => {
    const file = fileWith(text, t);
    assert.throws(
      () => readAuthorities({ SSL_CERT_FILE: file }),
      (error) =>
        error instanceof ConfigError && error.message.includes(`SSL_CERT_FILE: ${file} cannot be used: `),
    );
  });
}

function fileWith(text: string, t: { after(clean: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), "brigade-trust-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "authorities.pem");
  writeFileSync(file, text);
  return file;
}
