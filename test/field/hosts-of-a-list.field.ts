import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { httpPort, makeCertificate, tcpPort, tlsPort } from "./servers/ports.ts";

interface Told {
  readonly counts: Record<"stored" | "failed" | "vanished", { objects: number }>;
  readonly failed: readonly { key: string; reason: string }[];
}

test("hosts of a list that can never work fail their own objects, whichever is asked first; those of the others come", async (t) => {
  const certificate = makeCertificate(t);
  const good = await httpPort(t);
  const hosts = {
    "no-tls": [`https://127.0.0.1:${await httpPort(t)}`, /speaks no TLS/],
    certificate: [`https://127.0.0.1:${await tlsPort(t, certificate)}`, /certificate is not accepted/],
    tls: [`http://127.0.0.1:${await tlsPort(t, certificate)}`, /speaks TLS/],
    name: ["http://brigade-test.invalid", /no host of this name/],
    "port-0": ["http://127.0.0.1:0", /port 0/],
    refused: ["http://127.0.0.1:1", /nothing listens/],
  } as const;
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");
  mkdirSync(volume);
  const bad = Object.entries(hosts).flatMap(([key, [origin]]) =>
    [0, 1, 2].map((n) => `${key}/${n}\t${origin}/${n}`),
  );
  const fine = Array.from({ length: 50 }, (_, n) => `good/${n}\thttp://127.0.0.1:${good}/${n}`);
  const list = join(folder, "urls.tsv");
  writeFileSync(list, [...bad, ...fine].join("\n"));
  const { code, stdout, stderr } = await brigade(["copy", `list:${list}`, volume, "--json"], {
    MAX_ATTEMPTS: "2",
    ALLOW_PRIVATE: "true",
  });
  assert.equal(code, 3, stderr);
  const told: Told = JSON.parse(stdout);
  assert.deepEqual([told.counts.stored.objects, told.counts.failed.objects], [fine.length, bad.length]);
  for (const { key, reason } of told.failed) {
    const [, words] = Object.entries(hosts).find(([name]) => key.startsWith(`${name}/`))?.[1] ?? [];
    assert.match(reason, words ?? /never/, key);
  }
  assert.equal((await filesBelow(join(volume, "urls", "good"))).length, fine.length);
});

test("a dead host of a list is asked now and then, not once per object, and its failures keep their class", async (t) => {
  const objects = 3_000;
  let connections = 0;
  const dead = await tcpPort(t, (socket) => {
    connections++;
    socket.once("data", () => socket.resetAndDestroy());
  });
  const good = await httpPort(t);
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");
  mkdirSync(volume);
  const lines = Array.from({ length: objects }, (_, n) => `dead/${n}\thttp://127.0.0.1:${dead}/${n}`);
  const fine = Array.from({ length: 100 }, (_, n) => `good/${n}\thttp://localhost:${good}/${n}`);
  const list = join(folder, "urls.tsv");
  writeFileSync(list, [...lines.slice(0, 1_000), ...fine, ...lines.slice(1_000)].join("\n"));
  const { code, stdout, stderr } = await brigade(["copy", `list:${list}`, volume, "--json"], {
    MAX_ATTEMPTS: "2",
    ALLOW_PRIVATE: "true",
  });
  assert.equal(code, 3, stderr.slice(-2_000));
  const told: Told = JSON.parse(stdout);
  assert.deepEqual([told.counts.stored.objects, told.counts.failed.objects], [fine.length, objects]);
  assert.ok(connections < 500, `${connections} connections for ${objects} objects`);
  assert.match(told.failed[0]?.reason ?? "", /127\.0\.0\.1:\d+: .*(reset|closed|ECONNRESET)/i);
});

test("in a list of one host, a fault that can never pass ends the run", async (t) => {
  const folder = await temporaryFolder(t);
  const list = join(folder, "urls.txt");
  const origin = `https://127.0.0.1:${await httpPort(t)}`;
  writeFileSync(list, Array.from({ length: 20 }, (_, n) => `${origin}/${n}\n`).join(""));
  mkdirSync(join(folder, "volume"));
  const { code, stderr } = await brigade(["copy", `list:${list}`, join(folder, "volume")], {
    ALLOW_PRIVATE: "true",
  });
  assert.equal(code, 4, stderr);
  assert.match(stderr.trim().split("\n").at(-1) ?? "", /speaks no TLS: http:\/\/ meant\?/);
});
