import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { outlines } from "../src/options/outlines.ts";
import { brigade, temporaryFolder } from "./command.ts";

/** Runs a command. Returns how many processes it took, and the modules that were loaded. */
async function loadedBy(t: TestContext, args: readonly string[]) {
  const folder = await temporaryFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const file = join(folder.path, "loaded");
  const { code, stderr } = await brigade(args, {
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=${new URL("./loaded-modules.ts", import.meta.url)}`,
  });
  assert.equal(code, 0, stderr);
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const modules = lines.filter((line) => line.startsWith("file:"));
  return { modules, processes: lines.filter((line) => line === "a process").length };
}

const helps = [
  ["--help"],
  ["help"],
  ["help", "copy"],
  ...Object.keys(outlines).map((name) => [name, "--help"]),
];
for (const words of helps) {
  test(`brigade ${words.join(" ")} is one process, and loads nothing that a command works with`, async (t) => {
    const { modules, processes } = await loadedBy(t, words);
    assert.equal(processes, 1);
    assert.deepEqual(modules.filter(isHeavy), []);
    assert.ok(modules.length < 120, `${modules.length} modules`);
  });
}

function isHeavy(url: string): boolean {
  const packages =
    /\/packages\/((broker|downloader|fetch-write|ledger|lister|sources|transfer|volumes)|cli\/src\/actions)\//;
  return packages.test(url) || /\/node_modules\/(undici|amqplib|hono|pino|koffi)\//.test(url);
}

test("get of a small file loads nothing of buckets, queues, accounts and terminals", async (t) => {
  const server = createServer((_request, response) => response.end("a file"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  const folder = await temporaryFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
  const { modules } = await loadedBy(t, ["get", "--directory", folder.path, url]);
  assert.equal(readFileSync(join(folder.path, "a"), "utf8"), "a file");
  assert.deepEqual(modules.filter(isUnused), []);
  assert.ok(modules.length < 330, `${modules.length} modules`);
});

function isUnused(url: string): boolean {
  const packages =
    /\/packages\/(broker|downloader|ledger|lister|sources\/src\/(upyun|http-index|url-list))\//;
  return packages.test(url) || /\/node_modules\/(amqplib|hono|pino-pretty|cli-progress|koffi)\//.test(url);
}
