import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ownState } from "../../../test/programs.ts";
import { outlines } from "../src/options/outlines.ts";
import { temporaryFolder } from "./command.ts";

const program = fileURLToPath(new URL("../bin/brigade.js", import.meta.url));

/** Runs a command. Returns how many processes it took, and the modules that were loaded. */
async function loadedBy(t: TestContext, args: readonly string[]) {
  const folder = await temporaryFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const file = join(folder.path, "loaded");
  const env = {
    PATH: process.env.PATH,
    ...ownState,
    LOADED_MODULES: file,
    NODE_OPTIONS: `--import=${new URL("./loaded-modules.ts", import.meta.url)}`,
  };
  // By the shell, as people start it: that gives the usual flags.
  await promisify(execFile)(program, args, { cwd: tmpdir(), env });
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

test("a copy is one process, and loads nothing of RabbitMQ, pages and progress bars", async (t) => {
  const folder = await temporaryFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const list = join(folder.path, "urls.txt");
  writeFileSync(list, "http://127.0.0.1:1/a\n");
  const volume = join(folder.path, "volume");
  mkdirSync(volume);
  const { modules, processes } = await loadedBy(t, ["copy", `list:${list}`, volume, "--include", "nothing"]);
  assert.equal(processes, 1);
  assert.deepEqual(modules.filter(isOfServices), []);
  const shapes = modules.filter((url) => url.endsWith("/packages/core/src/messages/messages.ts"));
  assert.equal(shapes.length, 2, "the main thread and the thread of the volume, not those of databases");
});

function isOfServices(url: string): boolean {
  const parts =
    /\/packages\/(broker\/src\/rabbitmq\/(broker|admin)|ledger\/src\/(http|status)|cli\/src\/service\/listening)/;
  return parts.test(url) || /\/node_modules\/(amqplib|hono|cli-progress)\//.test(url);
}

test("get of a small file loads nothing of buckets, queues, accounts and terminals", async (t) => {
  const server = createServer((_request, response) => response.end("a file"));
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  const folder = await temporaryFolder();
  t.after(() => folder[Symbol.asyncDispose]());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
  const { modules } = await loadedBy(t, ["get", "--quiet", "--directory", folder.path, url]);
  assert.equal(readFileSync(join(folder.path, "a"), "utf8"), "a file");
  assert.deepEqual(modules.filter(isUnused), []);
  assert.ok(modules.length < 290, `${modules.length} modules`);
});

function isUnused(url: string): boolean {
  const packages =
    /\/packages\/(broker|downloader|ledger|lister|sources\/src\/(upyun|http-index|url-list))\//;
  return (
    packages.test(url) || /\/node_modules\/(amqplib|hono|pino|pino-pretty|cli-progress|koffi)\//.test(url)
  );
}
