import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { startPrivoxy } from "./servers/http-proxies.ts";
import { type Answer, startIndexSite, usual } from "./servers/index-site.ts";

/*
 * Answers of portals, caches and proxies between us and a server are never taken for the server's
 * files.
 */

const names = [...Array(10).keys()].map((number) => `${number}.jpg`);
const soon = { MAX_ATTEMPTS: "2", OUTAGE_LIMIT_MS: "20000" };

/** Copies the site. Returns the exit code, and the texts on the disk by name. */
async function copied(source: string, volume: string, environment: NodeJS.ProcessEnv = {}) {
  const { code, stdout, stderr } = await brigade(["copy", source, volume], { ...soon, ...environment });
  const files = (await filesBelow(volume)).filter((path) => !path.startsWith("."));
  const texts = new Map<string, string>();
  for (const path of files) texts.set(path.replace(/^.*\//, ""), await readFile(join(volume, path), "utf8"));
  return { code, texts, said: stdout + stderr };
}

async function siteOf(t: TestContext) {
  const site = await startIndexSite(names);
  t.after(() => site[Symbol.asyncDispose]());
  return { site, volume: await temporaryFolder(t) };
}

/** Sends bodies with this date for these paths, unless a request is let through to the server. */
function inPlace(paths: RegExp, body: string, headers: Record<string, string>, passes = letsNothing): Answer {
  return (request, response) => {
    if (!paths.test(request.url ?? "") || passes(request)) return false;
    response.writeHead(200, { "content-length": body.length, ...headers });
    response.end(request.method === "HEAD" ? "" : body);
    return true;
  };
}

const letsNothing = (_request: IncomingMessage) => false;

test("a page to log in is never stored in place of pictures; when the portal is gone they come", async (t) => {
  for (const length of [3, 300]) {
    const { site, volume } = await siteOf(t);
    const page = "<p>".padEnd(length, "x");
    site.answer = inPlace(/[258]\.jpg/, page, { "content-type": "text/html" });
    const first = await copied(`${site.url}/`, volume);
    assert.deepEqual([first.code, first.texts.size], [3, 7], first.said);
    assert.ok(![...first.texts.values()].includes(page));
    site.answer = usual;
    const second = await copied(`${site.url}/`, volume);
    assert.deepEqual(
      [second.code, second.texts],
      [0, new Map(names.map((name) => [name, "abc"]))],
      second.said,
    );
  }
});

test("a cache's old body is asked for past the cache, and never stored as what was listed", async (t) => {
  const old = { "last-modified": "Sun, 01 Jan 2023 00:00:00 GMT", "content-type": "image/jpeg" };
  const { site, volume } = await siteOf(t);
  const isFresh = ({ headers }: IncomingMessage) => headers["cache-control"] === "no-cache";
  site.answer = inPlace(/[48]\.jpg/, "ab", old);
  const stubborn = await copied(`${site.url}/`, volume);
  assert.deepEqual([stubborn.code, stubborn.texts.size], [3, 8], stubborn.said);
  for (const body of ["ab", "ABC"]) {
    const { site: other, volume: empty } = await siteOf(t);
    other.answer = inPlace(/[48]\.jpg/, body, old, isFresh);
    const obedient = await copied(`${other.url}/`, empty);
    assert.deepEqual([obedient.code, obedient.texts], [0, new Map(names.map((name) => [name, "abc"]))]);
  }
});

test("with privoxy's own 404 for a host that is not there no object counts as vanished", async (t) => {
  const { site, volume } = await siteOf(t);
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755);
  const proxy = await startPrivoxy(folder);
  t.after(() => proxy[Symbol.asyncDispose]());
  const list = join(folder, "urls.txt");
  writeFileSync(list, `${site.url}/1.jpg\nhttp://nowhere.invalid/2.jpg\n`);
  const { code, texts, said } = await copied(`list:${list}`, volume, {
    HTTP_PROXY: `http://${proxy.address}`,
    ALLOW_PRIVATE: "true",
  });
  assert.deepEqual([code, [...texts.keys()]], [3, ["1.jpg"]], said);
  assert.match(said, /vanished +0 /);
});

test("get warns of a page in the place of an archive", async (t) => {
  const { site } = await siteOf(t);
  site.answer = inPlace(/a\.(zip|html)/, "<p>log in", { "content-type": "text/html" });
  const folder = await temporaryFolder(t);
  for (const [name, isWarned] of [
    ["a.zip", true],
    ["a.html", false],
  ] as const) {
    const { stderr } = await brigade(["get", `${site.url}/${name}`, "-d", folder]);
    assert.equal(/calls it an HTML page/.test(stderr), isWarned, stderr);
  }
});
