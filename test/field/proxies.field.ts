import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { login, type RunningProxy, startMicrosocks, startSquid } from "../get/proxies.ts";
import { startHaproxy, startVarnish } from "./servers/gateways.ts";
import { startPrivoxy, startTinyproxy } from "./servers/http-proxies.ts";
import { startIndexSite } from "./servers/index-site.ts";
import { httpPort, makeCertificate, tlsPort } from "./servers/ports.ts";

const names = [...Array(40).keys()].map((number) => `${number}.bin`);

/** Its folder may be read by the users that proxies run as. */
async function openFolder(t: TestContext): Promise<string> {
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755);
  return folder;
}

/** Copies the site twice. Returns the keys on the disk. */
async function copied(url: string, volume: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  rmSync(volume, { recursive: true, force: true });
  mkdirSync(volume);
  for (const what of ["stored", "unchanged"]) {
    const { code, stdout, stderr } = await brigade(["copy", url, volume], environment);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`${names.length} ${what}|${what}[^\\n]*${names.length}`), stdout);
  }
  const [source = ""] = readdirSync(volume).filter((name) => !name.startsWith("."));
  return readdirSync(join(volume, source)).sort();
}

test("each kind of proxy brings a source over http and a file over https, and is needed for it", async (t) => {
  const folder = await openFolder(t);
  await using site = await startIndexSite(names);
  const certificate = makeCertificate(t);
  const https = `https://localhost:${await tlsPort(t, certificate)}/fine.txt`;
  const password = encodeURIComponent(login.password);
  const proxies: readonly (readonly [string, () => Promise<RunningProxy>])[] = [
    [`http://${login.user}:${password}@`, () => startSquid(folder)],
    ["", () => startTinyproxy(folder)],
    ["HTTP://", () => startPrivoxy(folder)],
    [`socks5h://${login.user}:${password}@`, startMicrosocks],
  ];
  for (const [before, start] of proxies) {
    const proxy = await start();
    const ALL_PROXY = `${before}${proxy.address}/a/path`;
    const environment = {
      MAX_ATTEMPTS: "2",
      ALL_PROXY,
      NO_PROXY: "10.0.0.0/8,::1",
      SSL_CERT_FILE: certificate.file,
    };
    const get = () => brigade(["get", https, "-d", folder, "--overwrite", "--retries", "0"], environment);
    try {
      assert.equal((await copied(`${site.url}/`, join(folder, "volume"), environment)).length, names.length);
      const { code, stderr } = await get();
      assert.equal(code, 0, `${ALL_PROXY}: ${stderr}`);
    } finally {
      await proxy[Symbol.asyncDispose]();
    }
    const without = await get();
    assert.match(without.stderr, /the proxy .*\(ALL_PROXY\): nothing listens/);
    assert.equal(without.code, 4);
  }
});

test("what NO_PROXY names as a network is reached past a proxy that is not there", async (t) => {
  const folder = await temporaryFolder(t);
  await using site = await startIndexSite(names);
  const environment = { all_proxy: "socks5://127.0.0.1:1", NO_PROXY: "192.168.0.0/16, 127.0.0.0/8" };
  assert.equal((await copied(`${site.url}/`, join(folder, "volume"), environment)).length, names.length);
  const url = `http://127.0.0.1:${await httpPort(t)}/fine.txt`;
  const { code, stderr } = await brigade(["get", url, "-d", folder], environment);
  assert.equal(code, 0, stderr);
  assert.ok(existsSync(join(folder, "fine.txt")));
});

test("varnish and haproxy before a server change nothing", async (t) => {
  const folder = await openFolder(t);
  await using site = await startIndexSite(names);
  for (const start of [startVarnish, startHaproxy]) {
    await using gateway = await start(folder, site.url);
    assert.equal((await copied(`${gateway.url}/`, join(folder, "volume"), {})).length, names.length);
  }
});
