import assert from "node:assert/strict";
import { readdirSync, statfsSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import { loopDisk, noLoopDisks } from "../../disks/loop-disk.ts";
import { temporaryFolder } from "../../e2e/brigade.ts";
import { httpPort } from "../servers/ports.ts";
import { measuredBrigade } from "./measured.ts";
import { type Bomb, endless, explode, names, row, siteWith } from "./site.ts";

const skip = noLoopDisks();
const mib = 1024 * 1024;
const bomb: Bomb = { type: "image/jpeg", pieces: endless };

/** A site with files that never end, as its page lists them: by name, with the size that is told. */
async function siteOf(t: TestContext, sizes: Readonly<Record<string, number | undefined>>): Promise<string> {
  const rows = Object.entries(sizes).map(([name, size]) => row(name, size));
  return await siteWith(t, rows, ({ method, url = "" }, response) => {
    if (!Object.hasOwn(sizes, url.slice(1))) return false;
    if (method === "HEAD") response.writeHead(200, { "content-type": "image/jpeg" }).end();
    else void explode(response, bomb);
    return true;
  });
}

function goodOnes(volume: string): number {
  const found = readdirSync(volume, { recursive: true, encoding: "utf8" }).map((path) => basename(path));
  return found.filter((name) => names.includes(name)).length;
}

/** Watches how little is free on a disk while something runs. */
async function leastFree<T>(root: string, running: Promise<T>): Promise<{ result: T; least: number }> {
  let least = Number.POSITIVE_INFINITY;
  const watching = setInterval(() => {
    const { bavail, bsize } = statfsSync(root);
    least = Math.min(least, bavail * bsize);
  }, 5);
  try {
    return { result: await running, least };
  } finally {
    clearInterval(watching);
  }
}

test("64 objects of 10 bytes that never end fail alone: neither memory nor disk takes more than one read of each", async (t) => {
  const calmUrl = await siteOf(t, {});
  const calm = await measuredBrigade(["copy", calmUrl, await temporaryFolder(t)], {});
  const many = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`bomb-${n}.jpg`, 10]));
  const volume = await temporaryFolder(t);
  const found = await measuredBrigade(["copy", await siteOf(t, many), volume], {});
  t.diagnostic(`${Math.round(found.peakMib - calm.peakMib)} MiB more, ${found.seconds.toFixed(1)} s`);
  assert.equal(found.code, 3, found.stderr);
  assert.equal(goodOnes(volume), names.length);
  assert.match(found.stdout + found.stderr, /more than the 10 that were expected/);
  assert.ok(found.peakMib - calm.peakMib < 150, `${found.peakMib} MiB, without them ${calm.peakMib}`);
});

test("an object of 2 MiB that never ends fails, and its disk keeps its room", { skip }, async (t) => {
  const { root } = loopDisk(t, { sizeMib: 300, backingMib: 340 });
  const url = await siteOf(t, { "bomb.jpg": 2 * mib });
  const { result, least } = await leastFree(root, measuredBrigade(["copy", url, join(root, "v")], {}));
  assert.equal(result.code, 3, result.stderr);
  assert.equal(goodOnes(root), names.length);
  assert.ok(least > 200 * mib, `${least} bytes were free`);
});

test("an object of unknown size that never ends fails at MIN_FREE; the volume goes on", {
  skip,
}, async (t) => {
  const { root } = loopDisk(t, { sizeMib: 300, backingMib: 340 });
  const url = await siteOf(t, { "bomb.jpg": undefined });
  const { result, least } = await leastFree(root, measuredBrigade(["copy", url, join(root, "v")], {}));
  assert.equal(result.code, 3, result.stderr);
  assert.equal(goodOnes(root), names.length);
  assert.match(result.stdout + result.stderr, /bomb\.jpg: nobody knows its size/);
  assert.doesNotMatch(result.stderr, /retired/);
  const { blocks, bsize } = statfsSync(root);
  assert.ok(least >= (blocks * bsize) / 100, `${least} bytes were free`);
});

test("get of a file that never ends stops at MIN_FREE, with one line, and leaves nothing", {
  skip,
}, async (t) => {
  const { root } = loopDisk(t, { sizeMib: 300, backingMib: 340 });
  const port = await httpPort(t, (_request, response) => void explode(response, bomb));
  const running = measuredBrigade(["get", `http://127.0.0.1:${port}/a.jpg`, "-d", root], {
    MIN_FREE: "20MiB",
  });
  const { result, least } = await leastFree(root, running);
  assert.notEqual(result.code, 0);
  assert.match(result.stderr, /nobody knows how long it becomes/);
  assert.ok(least > 18 * mib, `${least} bytes were free`);
  assert.deepEqual(
    readdirSync(root).filter((name) => name.startsWith("a.jpg")),
    [],
  );
});

test("a list of 1.7 kB that holds 10 million lines ends the run at MIN_FREE of its STATE_DIR, in one line", {
  skip,
}, async (t) => {
  const { root } = loopDisk(t, { sizeMib: 64, backingMib: 80 });
  const folder = await temporaryFolder(t);
  const list = join(folder, "list.zst");
  // Lines that name nothing: each is told, so each has a row in the index.
  writeFileSync(list, zstdCompressSync(Buffer.from("x\n".repeat(10_000_000))));
  const { result, least } = await leastFree(
    root,
    measuredBrigade(["copy", `list:${list}`, join(folder, "v")], {
      STATE_DIR: join(root, "state"),
      MIN_FREE: "10MiB",
    }),
  );
  t.diagnostic(`${Math.round(result.peakMib)} MiB, ${result.seconds.toFixed(1)} s`);
  assert.equal(result.code, 4, result.stderr);
  assert.match(result.stderr + result.stdout, /has no room in .*MIN_FREE/);
  assert.ok(least > 5 * mib, `${least} bytes were free`);
});
