import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { type Difference, openVolume, readManifest, verifyVolume } from "../../src/index.ts";
import { tryLock } from "../../src/own-files/lock.ts";
import { md5Of, scratchFolder } from "../scratch.ts";

const program = new URL("./put-forever.ts", import.meta.url).pathname;

interface Putting {
  readonly child: ChildProcess;
  /** Key and MD5 of what was stored, so far. */
  readonly stored: Map<string, string>;
  readonly exited: Promise<unknown>;
}

function startPutting(test: TestContext, ...args: string[]): Putting {
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  test.after(() => child.kill("SIGKILL"));
  const stored = new Map<string, string>();
  let begun = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const lines = (begun + text).split("\n");
    begun = lines.pop() ?? "";
    for (const line of lines) {
      const [key = "", md5 = ""] = line.split(" ");
      stored.set(key, md5);
    }
  });
  return { child, stored, exited: once(child, "close") };
}

async function storedAtLeast({ child, stored }: Putting, count: number): Promise<void> {
  while (stored.size < count) {
    if (child.exitCode !== null) assert.fail(`the process ended with ${child.exitCode}`);
    if (child.stdout) await once(child.stdout, "data");
  }
}

/** All that was answered, and all that the manifest tells, lies there whole. */
async function checkDisk(root: string, stored: Map<string, string>): Promise<void> {
  const entered = new Map<string, string>();
  // A kill may tear the line that is being written.
  for await (const line of readManifest(root, () => {})) {
    assert.ok(!("lost" in line));
    const { key, path, size, md5 } = line;
    const bytes = readFileSync(join(root, "photos", path ?? key));
    assert.equal(bytes.length, size, key);
    assert.equal(md5Of(bytes), md5, key);
    entered.set(key, md5);
  }
  for (const [key, md5] of stored) assert.equal(entered.get(key), md5, key);
}

async function differences(root: string): Promise<Difference[]> {
  const found: Difference[] = [];
  await verifyVolume(root, { quietMs: 0, onDifference: (one) => void found.push(one) });
  return found;
}

function temporaryFiles(root: string): string[] {
  const tmp = join(root, ".brigade/tmp");
  return readdirSync(tmp, { recursive: true, encoding: "utf8" }).filter((name) => name.includes("/"));
}

for (const durability of ["group", "file", "none"]) {
  test(`a killed process leaves whole files only, and no temporary ones after the next opening (${durability})`, async (t) => {
    const root = scratchFolder(t);
    const all = new Map<string, string>();
    for (const round of [1, 2, 3]) {
      // Its own name, then another's: either opening cleans up.
      const running = startPutting(t, root, round < 3 ? "one" : "two", durability);
      await storedAtLeast(running, 200 * round);
      running.child.kill("SIGKILL");
      await running.exited;
      assert.notDeepEqual(temporaryFiles(root), [], "it was killed at work");
      for (const [key, md5] of running.stored) all.set(key, md5);
      await checkDisk(root, all);
      assert.deepEqual(await differences(root), [], "what it was landing is known");
    }
    const volume = await openVolume(root, {
      init: false,
      instance: "three",
      durability: "none",
      log: silentLog,
    });
    assert.deepEqual(temporaryFiles(root), ["three/lock"]);
    await volume[Symbol.asyncDispose]();
    assert.deepEqual(readdirSync(join(root, ".brigade/tmp")), []);
    assert.deepEqual(await differences(root), [], "what they were landing is entered");
  });
}

test("two processes share a volume", async (t) => {
  const root = scratchFolder(t);
  const [one, two] = [
    startPutting(t, root, "one", "group", "1500"),
    startPutting(t, root, "two", "group", "1500"),
  ];
  await Promise.all([one.exited, two.exited]);
  assert.deepEqual([one.child.exitCode, two.child.exitCode], [0, 0]);
  assert.equal(one.stored.size + two.stored.size, 3000);
  await checkDisk(root, new Map([...one.stored, ...two.stored]));
  assert.deepEqual(readdirSync(join(root, ".brigade/tmp")), []);
  assert.deepEqual(readdirSync(join(root, ".brigade/manifest")).sort(), ["one-1.ndjson", "two-1.ndjson"]);
});

test("an opening leaves the temporary files of a living process alone", async (t) => {
  const root = scratchFolder(t);
  const living = startPutting(t, root, "living", "group");
  await storedAtLeast(living, 100);
  for (let round = 0; round < 3; round += 1) {
    const volume = await openVolume(root, {
      init: false,
      instance: "other",
      durability: "group",
      log: silentLog,
    });
    await volume[Symbol.asyncDispose]();
    await storedAtLeast(living, living.stored.size + 100);
  }
  assert.ok(existsSync(join(root, ".brigade/tmp/living/lock")));
});

test("a lock is held against other processes, and ends with its process", async (t) => {
  const path = join(scratchFolder(t), "lock");
  const lockUrl = new URL("../../src/own-files/lock.ts", import.meta.url).href;
  const script = `
    const { tryLock } = await import(${JSON.stringify(lockUrl)});
    // One that nobody can reach would be given back by the garbage collector.
    globalThis.lock = tryLock(${JSON.stringify(path)}, 0);
    console.log(globalThis.lock ? "held" : "busy");
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => holder.kill("SIGKILL"));
  const [word] = await once(holder.stdout.setEncoding("utf8"), "data");
  assert.equal(String(word).trim(), "held");
  assert.equal(tryLock(path, 0), undefined);
  holder.kill("SIGKILL");
  await once(holder, "close");
  const lock = tryLock(path, 0);
  assert.ok(lock);
  assert.equal(tryLock(path, 0), undefined, "nor by another of the same process");
  lock[Symbol.dispose]();
});
