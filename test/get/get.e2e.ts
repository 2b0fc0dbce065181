import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { brigade, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { startRelay } from "./relay.ts";
import { startWebServer, type WebServer } from "./web-server.ts";

const content = randomFillSync(Buffer.alloc(20_000_000));
const other = randomFillSync(Buffer.alloc(20_000_000));

function sha256(bytes: Buffer): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

/** Waits until this number of bytes was sent. */
async function sent(server: WebServer, bytes: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (server.sent < bytes) {
    assert.ok(Date.now() < deadline, `${server.sent} of ${bytes} bytes were sent`);
    await sleep(5);
  }
}

test("a file comes over eight connections, whole and checked, and leaves nothing beside it", async (t) => {
  await using server = await startWebServer(content);
  const folder = await temporaryFolder(t);
  const { code, stdout, stderr } = await brigade([
    ...["get", `${server.url}/file.zip?token=geheim`, "-d", join(folder, "new"), "--json"],
    ...["--checksum", sha256(content)],
  ]);
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout);
  assert.deepEqual(
    { ...result, seconds: 0, fetchedBytes: 0 },
    {
      url: `${server.url}/file.zip`,
      file: join(folder, "new/file.zip"),
      bytes: content.length,
      seconds: 0,
      fetchedBytes: 0,
      resumedBytes: 0,
      checksum: sha256(content),
    },
  );
  assert.ok(readFileSync(join(folder, "new/file.zip")).equals(content));
  assert.deepEqual(readdirSync(join(folder, "new")), ["file.zip"]);
  assert.ok(server.requests.length >= 9, `${server.requests.length} requests`);
});

test("a get that was killed and is run again goes on where it was", async (t) => {
  await using server = await startWebServer(content);
  server.rate = 500_000;
  const args = ["get", `${server.url.replace("//", "//me:geheim@")}/file.zip?key=geheim`, "-o"];
  const target = join(await temporaryFolder(t), "file.zip");
  const first = startBrigade([...args, target]);
  await sent(server, 8_000_000);
  first.child.kill("SIGKILL");
  const { sent: before } = server;
  await first.finished;
  assert.ok(!existsSync(target), "only whole files have their name");
  assert.doesNotMatch(readFileSync(`${target}.part.json`, "utf8"), /geheim/);

  server.rate = Number.POSITIVE_INFINITY;
  const { code, stdout, stderr } = await brigade([...args, target, "--json"]);
  assert.equal(code, 0, stderr);
  assert.ok(readFileSync(target).equals(content));
  const all = before + JSON.parse(stdout).fetchedBytes;
  assert.ok(all < 1.05 * content.length, `${all} bytes were fetched for ${content.length}`);
  assert.doesNotMatch(stderr, /geheim/);
});

test("a get that was interrupted prints how to go on, and goes on", async (t) => {
  await using server = await startWebServer(content);
  server.rate = 1_000_000;
  const args = ["get", `${server.url}/file.zip`, "-d", await temporaryFolder(t), "--json"];
  const first = startBrigade(args);
  await sent(server, 6_000_000);
  first.child.kill("SIGINT");
  const interrupted = await first.finished;
  assert.equal(interrupted.code, 130);
  assert.match(interrupted.stderr, /run the same command again/);
  server.rate = Number.POSITIVE_INFINITY;
  const { code, stdout } = await brigade(args);
  assert.equal(code, 0);
  const { resumedBytes, fetchedBytes } = JSON.parse(stdout);
  assert.ok(resumedBytes > 5_000_000, stdout);
  assert.ok(resumedBytes + fetchedBytes < 1.05 * content.length, stdout);
});

test("a file that was replaced between two runs is fetched anew, never mixed", async (t) => {
  await using server = await startWebServer(content);
  server.rate = 1_000_000;
  const target = join(await temporaryFolder(t), "file.zip");
  const args = ["get", `${server.url}/file.zip`, "-o", target];
  const first = startBrigade(args);
  await sent(server, 8_000_000);
  first.child.kill("SIGKILL");
  await first.finished;
  server.content = other;
  server.rate = Number.POSITIVE_INFINITY;
  const { code, stderr } = await brigade(args);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/fetched anew: the file on the server has changed/g)?.length, 1, stderr);
  assert.ok(readFileSync(target).equals(other));
});

test("a file that is replaced while it comes is fetched anew at once", async (t) => {
  await using server = await startWebServer(content);
  await using relay = await startRelay(server.url, { lifeMs: 500 });
  server.rate = 1_000_000;
  const target = join(await temporaryFolder(t), "file.zip");
  const running = startBrigade(["get", `${relay.url}/file.zip`, "-o", target]);
  await sent(server, 2_000_000);
  server.content = other;
  const { code, stderr } = await running.finished;
  assert.equal(code, 0, stderr);
  assert.match(stderr, /has changed meanwhile: it is fetched anew/);
  assert.ok(readFileSync(target).equals(other));
});

test("a line that cuts every connection after half a second brings the file all the same, no byte twice", async (t) => {
  await using server = await startWebServer(content);
  server.rate = 1_000_000;
  await using relay = await startRelay(server.url, { lifeMs: 500 });
  const target = join(await temporaryFolder(t), "file.zip");
  const { code, stdout, stderr } = await brigade(["get", `${relay.url}/file.zip`, "-o", target, "--json"]);
  assert.equal(code, 0, stderr);
  assert.ok(readFileSync(target).equals(content));
  assert.ok(relay.cuts > 8, `${relay.cuts} connections were cut`);
  assert.ok(JSON.parse(stdout).fetchedBytes < 1.02 * content.length, stdout);
});

test("a connection that falls silent is given up, and its range asked for again", async (t) => {
  let stalled = 0;
  await using server = await startWebServer(content, ({ headers }, response) => {
    if (headers.range?.startsWith("bytes=2500000-") !== true || stalled > 0) return false;
    stalled += 1;
    const [, from, to] = /(\d+)-(\d+)/.exec(headers.range) ?? [];
    response
      .writeHead(206, { "content-range": `bytes ${from}-${to}/${content.length}` })
      .write(content.subarray(0, 0));
    return true;
  });
  const target = join(await temporaryFolder(t), "file.zip");
  const { code, stderr } = await brigade([
    "get",
    `${server.url}/file.zip`,
    "-o",
    target,
    "--max-time-silent",
    "1",
  ]);
  assert.equal(code, 0, stderr);
  assert.equal(stalled, 1);
  assert.ok(readFileSync(target).equals(content));
});

test("all connections together keep to the rate that was set", async (t) => {
  await using server = await startWebServer(content.subarray(0, 4_000_000));
  const target = join(await temporaryFolder(t), "file.zip");
  const { code, stdout } = await brigade([
    "get",
    `${server.url}/file.zip`,
    "-o",
    target,
    "--limit-rate",
    "2MB",
    "--json",
  ]);
  assert.equal(code, 0);
  const { seconds } = JSON.parse(stdout);
  assert.ok(seconds > 1.7 && seconds < 6, `4 MB at 2 MB/s took ${seconds} s`);
});

test("a file of wrong bytes keeps its unfinished name, and the next run fetches it anew", async (t) => {
  await using server = await startWebServer(other);
  const target = join(await temporaryFolder(t), "file.zip");
  const args = ["get", `${server.url}/file.zip`, "-o", target, "--checksum", sha256(content), "--quiet"];
  const { code, stderr } = await brigade(args);
  assert.equal(code, 3);
  assert.match(stderr, /its sha256 is [0-9a-f]{64}, not/);
  assert.ok(!existsSync(target));
  assert.equal(statSync(`${target}.part`).size, other.length);
  server.content = content;
  assert.equal((await brigade(args)).code, 0);
  assert.ok(readFileSync(target).equals(content));
});

test("a URL that fails does not stop the others; exit code 3", async (t) => {
  await using server = await startWebServer(content);
  const folder = await temporaryFolder(t);
  const args = ["get", `${server.url}/missing.zip`, `${server.url}/file.zip`, "-d", folder, "--json"];
  const { code, stdout, stderr } = await brigade(args);
  assert.equal(code, 3);
  assert.match(stderr, /404: there is no such file/);
  assert.deepEqual(readdirSync(folder), ["file.zip"]);
  const [failed, got] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.match(failed.error, /404/);
  assert.equal(got.bytes, content.length);
});

test("a server that checks the Referer is reported as such, in one line, and works with a Referer", async (t) => {
  await using server = await startWebServer(content, ({ headers }, response) => {
    if (headers.referer === "https://example.com/page") return false;
    response.writeHead(403).end();
    return true;
  });
  const folder = await temporaryFolder(t);
  const args = ["get", `${server.url}/file.zip`, "-d", folder];
  const refused = await brigade(args);
  assert.equal(refused.code, 3);
  assert.equal(
    refused.stderr,
    `brigade: ${server.url}/file.zip: 403: the server refuses us; some need --referer\n`,
  );
  assert.deepEqual(readdirSync(folder), []);
  assert.equal((await brigade([...args, "--referer", "https://example.com/page"])).code, 0);
});

test("an existing file is not overwritten unless that is asked for; exit code 2", async (t) => {
  await using server = await startWebServer(content);
  const target = join(await temporaryFolder(t), "file.zip");
  writeFileSync(target, "precious");
  const args = ["get", `${server.url}/file.zip`, "-o", target];
  const refused = await brigade(args);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /--overwrite/);
  assert.equal(readFileSync(target, "utf8"), "precious");
  assert.equal((await brigade([...args, "--overwrite"])).code, 0);
  assert.ok(readFileSync(target).equals(content));
});

test("a server that is away for too long is exit code 4, and wrong flags are 2 before anything is asked", async (t) => {
  const folder = await temporaryFolder(t);
  const away = await brigade(["get", "http://127.0.0.1:1/file.zip", "-d", folder, "--retries", "1"]);
  assert.equal(away.code, 4);
  assert.match(away.stderr, /tried 2 times/);
  await using server = await startWebServer(content);
  const wrong = await brigade([
    "get",
    `${server.url}/file.zip`,
    "-d",
    folder,
    "--connections",
    "0",
    "--proxy",
    "x://",
  ]);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /--connections/);
  assert.match(wrong.stderr, /--proxy/);
  assert.equal(server.requests.length, 0);
});
