import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { objectsOf, startBucket, syntheticTree } from "../bucket/index.ts";
import { brigade, environmentFor, type Finished, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { type IndexSite, refusing, startIndexSite, usual } from "./servers/index-site.ts";

const soon = { MAX_ATTEMPTS: "2", OUTAGE_LIMIT_MS: "20000" };
const numbered = (count: number) => Array.from({ length: count }, (_, n) => `${n}.bin`);

interface Counts {
  readonly stored: number;
  readonly unchanged: number;
  readonly failed: number;
}

/** Copies. Returns the exit code and the outcomes of the objects. */
async function copy(source: string, volume: string, environment: NodeJS.ProcessEnv = {}) {
  const finished = await brigade(["copy", source, volume, "--json"], { ...soon, ...environment });
  return { ...finished, counts: countsOf(finished) };
}

function countsOf({ stdout }: Finished): Counts | undefined {
  if (stdout === "") return undefined;
  const { stored, unchanged, failed } = JSON.parse(stdout).counts;
  return { stored: stored.objects, unchanged: unchanged.objects, failed: failed.objects };
}

async function siteFor(t: TestContext, names: readonly string[], directory?: string): Promise<IndexSite> {
  const site = await startIndexSite(names, directory);
  t.after(() => site[Symbol.asyncDispose]());
  return site;
}

for (const [status, requests] of [
  [403, 1],
  [400, 1],
  [401, 1],
  [500, 6],
] as const)
  test(`one object that is answered with ${status} fails alone, in the first run and in the second`, async (t) => {
    const site = await siteFor(t, numbered(3));
    site.answer = refusing(status, (path) => path === "/1.bin", { getOnly: true });
    const volume = await temporaryFolder(t);
    const first = await copy(`${site.url}/`, volume);
    assert.deepEqual([first.code, first.counts], [3, { stored: 2, unchanged: 0, failed: 1 }], first.stderr);
    assert.equal(site.times("GET /1.bin"), requests);
    const second = await copy(`${site.url}/`, volume);
    assert.deepEqual(
      [second.code, second.counts],
      [3, { stored: 0, unchanged: 2, failed: 1 }],
      second.stderr,
    );
    assert.equal(site.times("GET /1.bin"), 2 * requests);
  });

test("a few objects that are all refused fail at once, each after one request", async (t) => {
  const site = await siteFor(t, numbered(3));
  for (const status of [403, 401]) {
    site.answer = refusing(status, (path) => path !== "/", { getOnly: true });
    const volume = await temporaryFolder(t);
    for (const run of [1, 2]) {
      const began = site.requests.length;
      const { code, counts, stderr } = await copy(`${site.url}/`, volume);
      assert.deepEqual([code, counts], [3, { stored: 0, unchanged: 0, failed: 3 }], `run ${run}: ${stderr}`);
      const asked = site.requests.slice(began).filter((one) => one === "GET /1.bin").length;
      assert.equal(asked, 1);
    }
  }
});

test("a dead directory is a hole, where the host's root is no index page", async (t) => {
  const site = await siteFor(t, ["a.txt", "b.txt", "dead/"], "/pub/");
  for (const [dead, root] of [
    [404, 200],
    [500, 403],
  ] as const) {
    site.answer = (request, response) => {
      if (request.url !== "/" && request.url !== "/pub/dead/") return false;
      response.writeHead(request.url === "/" ? root : dead).end("hello");
      return true;
    };
    const { code, counts, stderr } = await copy(`${site.url}/pub/`, await temporaryFolder(t));
    assert.deepEqual([code, counts], [3, { stored: 2, unchanged: 0, failed: 0 }], stderr);
    assert.match(stderr, /a directory could not be listed/);
  }
});

test("hundreds of objects that are refused in a later run fail, since one that is unchanged still comes", async (t) => {
  const names = numbered(600);
  const site = await siteFor(t, names);
  const volume = await temporaryFolder(t);
  assert.equal((await copy(`${site.url}/`, volume)).code, 0);
  const changed = names.slice(0, 300);
  for (const name of changed) site.modified.set(name, Date.UTC(2025, 0, 1) / 1000);
  const paths = new Set(changed.map((name) => `/${name}`));
  site.answer = refusing(403, (path) => paths.has(path), { getOnly: true });
  const began = site.requests.length;
  const { code, counts, stderr } = await copy(`${site.url}/`, volume);
  assert.deepEqual([code, counts], [3, { stored: 0, unchanged: 300, failed: 300 }], stderr.slice(0, 2_000));
  const requests = site.requests.slice(began).filter((one) => /^GET \/\d/.test(one)).length;
  assert.ok(requests >= 300 && requests < 400, `${requests} requests for 300 refused objects`);
});

for (const [where, stored, isUnchanged] of [
  ["here and there", 1_000, (n: number) => n % 200 === 100],
  [
    "in a row, and are listed long after the first that are refused",
    3_000,
    (n: number) => n >= 2_410 && n < 2_415,
  ],
] as const)
  test(`all that was stored is refused in a later run, but for five objects that are unchanged, ${where}: the refusals fail within seconds`, async (t) => {
    const names = Array.from({ length: stored }, (_, n) => `f${String(n).padStart(4, "0")}.bin`);
    const site = await siteFor(t, names);
    const volume = await temporaryFolder(t);
    assert.equal((await copy(`${site.url}/`, volume)).code, 0);
    const added = Array.from({ length: 300 }, (_, n) => `new${n}.bin`);
    const refused = [...names.filter((_, n) => !isUnchanged(n)), ...added];
    for (const name of refused) site.modified.set(name, Date.UTC(2025, 0, 1) / 1000);
    const paths = new Set(refused.map((name) => `/${name}`));
    site.answer = refusing(403, (path) => paths.has(path), { getOnly: true });
    const [began, before] = [performance.now(), site.requests.length];
    const { code, counts, stderr } = await copy(`${site.url}/`, volume);
    const expected = { stored: 0, unchanged: 5, failed: refused.length };
    assert.deepEqual([code, counts], [3, expected], stderr.slice(0, 2_000));
    assert.ok(performance.now() - began < 15_000, "it takes seconds");
    assert.match(stderr, /f\d+\.bin.*403: the server refuses us/);
    const asked = site.requests.slice(before).filter((one) => paths.has(one.replace("GET ", ""))).length;
    assert.ok(asked <= 1.1 * refused.length, `${asked} requests for ${refused.length} refused objects`);
  });

test("a source that refuses everything from the first object on ends a copy; nothing has failed", async (t) => {
  const names = numbered(1_000);
  const site = await siteFor(t, names);
  site.answer = refusing(403, (path) => path !== "/", { getOnly: true });
  const volume = await temporaryFolder(t);
  const { code, stderr } = await copy(`${site.url}/`, volume);
  assert.equal(code, 4, stderr);
  assert.match(
    stderr,
    /cannot go on: the source refuses everything.*first 200 objects.*REFERER or USER_AGENT/,
  );
  assert.ok(site.requests.length < 400, `${site.requests.length} requests`);
  site.answer = usual;
  const again = await copy(`${site.url}/`, volume);
  assert.deepEqual([again.code, again.counts], [0, { stored: 1_000, unchanged: 0, failed: 0 }], again.stderr);
});

test("a ban in mid-run pauses the run, is reported as a ban, gets few requests, and uses up no attempts", async (t) => {
  const site = await siteFor(t, numbered(3_000));
  const volume = await temporaryFolder(t);
  const { child, finished } = startBrigade(["copy", `${site.url}/`, volume, "--json"], {
    ...soon,
    FETCH_CONCURRENCY: "16",
  });
  const paused = new Promise<void>((resolve) => {
    child.stderr?.on("data", (text) => String(text).includes("refuses everything") && resolve());
  });
  while (site.requests.length < 500) await new Promise((resolve) => setTimeout(resolve, 2));
  site.answer = refusing(403, () => true);
  const began = site.requests.length;
  await paused;
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const met = site.requests.length - began;
  site.answer = usual;
  const ended = await finished;
  assert.deepEqual([ended.code, countsOf(ended)?.failed], [0, 0], ended.stderr);
  // Bodies, and 32 questions at once for sizes, by HEAD and by the first byte; then probes.
  assert.ok(met <= 16 + 2 * 32 + 20, `${met} requests met the ban`);
  assert.equal((await filesBelow(volume)).length, 3_000);
  assert.match(ended.stderr, /looks like a ban/);
});

test("refusals by a bucket's domain, with listings by its API, fail in each run", async (t) => {
  const tree = syntheticTree({ directories: 5, filesPerDirectory: 10, minSize: 10, maxSize: 99, seed: 3 });
  const [refused = "", ...rest] = [...objectsOf(tree)].map(({ key }) => key);
  await using bucket = await startBucket({ tree, forbidden: [refused] });
  const volume = await temporaryFolder(t);
  for (const stored of [rest.length, 0]) {
    const environment = environmentFor(bucket, "domain");
    const { code, counts, stderr } = await copy("upyun://demo/", volume, environment);
    assert.deepEqual([code, counts?.stored, counts?.failed], [3, stored, 1], stderr);
  }
});

test("refused and dead URLs of a list fail in each run, and the others come", async (t) => {
  const site = await siteFor(t, numbered(5));
  site.answer = refusing(403, (path) => path === "/1.bin");
  const volume = await temporaryFolder(t);
  const list = join(await temporaryFolder(t), "urls.txt");
  const urls = [...numbered(5).map((name) => `${site.url}/${name}`), "http://127.0.0.1:1/nobody.bin"];
  await writeFile(list, urls.join("\n"));
  for (const stored of [4, 0]) {
    const { code, counts, stderr } = await copy(`list:${list}`, volume, { ALLOW_PRIVATE: "true" });
    assert.deepEqual([code, counts?.stored, counts?.failed], [3, stored, 2], stderr);
  }
});
