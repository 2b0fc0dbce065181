/*
 * `brigade get` against real servers and proxies, for minutes.
 */
import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { chmodSync, createReadStream, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { brigade, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { requirePrograms } from "../programs.ts";
import { startNginx } from "./nginx.ts";
import { login, startMicrosocks, startSquid } from "./proxies.ts";
import { startRelay } from "./relay.ts";

before(() => requirePrograms("nginx", "squid", "microsocks"));

const size = 200_000_000;

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest("hex");
}

/** A folder with a file of random bytes in `root/`. */
async function scene(t: TestContext, bytes = size) {
  const home = await temporaryFolder(t);
  // Proxies that drop root's rights must be able to read the folder.
  chmodSync(home, 0o755);
  const root = join(home, "root");
  mkdirSync(root);
  const file = join(root, "file.zip");
  writeFileSync(file, randomFillSync(Buffer.alloc(bytes)));
  return { home, root, file, target: join(home, "got.zip"), digest: await sha256(file) };
}

test("eight connections to a server that slows each down take at most a seventh of one's time", async (t) => {
  const { home, root, target, digest } = await scene(t);
  const rules = "valid_referers example.com; if ($invalid_referer) { return 403; } limit_rate 2m;";
  await using nginx = await startNginx(home, root, rules);
  const args = ["get", `${nginx.url}/file.zip`, "-o", target, "--overwrite", "--json"];
  const refused = await brigade(args);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /^brigade: .*403: the server refuses us; some need --referer\n$/);
  const seconds = async (connections: string): Promise<number> => {
    const referer = ["--referer", "http://example.com/page", "--connections", connections];
    const { code, stdout, stderr } = await brigade([...args, ...referer, "--checksum", `sha256:${digest}`]);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).seconds;
  };
  const eight = await seconds("8");
  const one = await seconds("1");
  t.diagnostic(`${one} s by one connection, ${eight} s by eight`);
  assert.ok(eight <= one / 7);
});

test("killed ten times at random moments, less than a twentieth of the file is fetched twice", async (t) => {
  const { home, root, target, digest } = await scene(t);
  await using nginx = await startNginx(home, root);
  // nginx itself sends the bytes of a whole second at once, which no real connection does.
  await using relay = await startRelay(nginx.url, { rate: 1_000_000 });
  const args = ["get", `${relay.url}/file.zip`, "-o", target, "--checksum", `sha256:${digest}`, "--json"];
  for (let kill = 0; kill < 10; kill++) {
    const running = startBrigade(args);
    await sleep(1000 + Math.random() * 2500);
    running.child.kill("SIGKILL");
    await running.finished;
    assert.ok(!existsSync(target), "it was done before it could be killed");
  }
  const { code, stdout, stderr } = await brigade(args);
  assert.equal(code, 0, stderr);
  const twice = relay.passed - size;
  t.diagnostic(`${twice} of ${size} bytes were sent twice; the last run: ${stdout.trim()}`);
  assert.ok(twice < size / 20);
});

test("a file that is replaced between a kill and the next run is fetched anew", async (t) => {
  const { home, root, file, target } = await scene(t, 50_000_000);
  await using nginx = await startNginx(home, root, "limit_rate 2m;");
  const args = ["get", `${nginx.url}/file.zip`, "-o", target, "--json"];
  for (let round = 0; round < 3; round++) {
    const running = startBrigade(args);
    await sleep(1500 + Math.random() * 500);
    running.child.kill("SIGKILL");
    await running.finished;
    writeFileSync(`${file}.new`, randomFillSync(Buffer.alloc(50_000_000)));
    renameSync(`${file}.new`, file);
  }
  const { code, stdout, stderr } = await brigade(args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /fetched anew: the file on the server has changed/);
  assert.equal(JSON.parse(stdout).resumedBytes, 0);
  assert.equal(await sha256(target), await sha256(file));
});

test("a line that cuts every connection after five seconds brings the file", async (t) => {
  const { home, root, target, digest } = await scene(t, 100_000_000);
  await using nginx = await startNginx(home, root, "limit_rate 1m;");
  await using relay = await startRelay(nginx.url, { lifeMs: 5000 });
  const args = ["get", `${relay.url}/file.zip`, "-o", target, "--checksum", `sha256:${digest}`, "--json"];
  const { code, stdout, stderr } = await brigade(args);
  assert.equal(code, 0, stderr);
  t.diagnostic(`${relay.cuts} connections were cut; ${stdout.trim()}`);
  assert.ok(relay.cuts >= 8);
});

test("get works through squid and a SOCKS5 proxy with the right password; a wrong one is one line and exit code 4", async (t) => {
  const { home, root, target, digest } = await scene(t, 50_000_000);
  await using nginx = await startNginx(home, root);
  await using squid = await startSquid(home);
  await using socks = await startMicrosocks();
  for (const [scheme, { address }] of [
    ["http", squid],
    ["socks5", socks],
  ] as const) {
    const proxy = (password: string) =>
      `${scheme}://${login.user}:${encodeURIComponent(password)}@${address}`;
    const args = [
      "get",
      `${nginx.url}/file.zip`,
      "-o",
      target,
      "--overwrite",
      "--checksum",
      `sha256:${digest}`,
    ];
    const through = await brigade([...args, "--proxy", proxy(login.password)]);
    assert.equal(through.code, 0, through.stderr);
    const byEnvironment = await brigade(args, { ALL_PROXY: proxy(login.password) });
    assert.equal(byEnvironment.code, 0, byEnvironment.stderr);
    const refused = await brigade([...args, "--proxy", proxy("wrong")]);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /^brigade: [^\n]*the proxy [^\n]* refuses our user and password[^\n]*\n$/);
  }
});
