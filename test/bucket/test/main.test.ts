import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { syntheticTree } from "../index.ts";
import { ask } from "./client.ts";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

test("the bucket as a process prints its addresses as JSON, serves, and prints its counters on SIGTERM", async () => {
  const shape = { directories: 3, filesPerDirectory: 4, minSize: 500, maxSize: 5000, seed: 9 };
  const flags = ["--directories=3", "--files=4", "--min-size=500", "--max-size=5000", "--seed=9"];
  const child = spawn(process.execPath, [main, ...flags, "--fault", "503@list"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ready = JSON.parse(String((await lines.next()).value)) as { domainUrl: string; restUrl: string };
    const { body } = await ask(ready.domainUrl, "/d2/p3.jpg");
    assert.ok(body.equals(syntheticTree(shape).bodyOf("d2/p3.jpg")));
    const basic = { Authorization: `Basic ${Buffer.from("operator:password").toString("base64")}` };
    assert.equal((await ask(ready.restUrl, "/demo/", { headers: basic })).status, 503);
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const { counters } = JSON.parse(String((await lines.next()).value)) as {
      counters: Record<string, unknown>;
    };
    assert.deepEqual([counters.domain, counters.list], [1, 1]);
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a wrong flag ends the bucket's process with a message", async () => {
  const child = spawn(process.execPath, [main, "--files=many"], { stdio: ["ignore", "ignore", "pipe"] });
  let text = "";
  child.stderr.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number];
  assert.notEqual(code, 0);
  assert.match(text, /--files must be a whole number/);
});
