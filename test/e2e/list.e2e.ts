import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { until } from "../waiting.ts";
import { brigade as run, startBrigade, temporaryFolder } from "./brigade.ts";
import { filesBelow } from "./disk.ts";

/** The lists of these tests name loopback. */
const allowed = { ALLOW_PRIVATE: "true" };
const brigade = (args: readonly string[], environment: NodeJS.ProcessEnv = {}, input?: Readable) =>
  run(args, { ...allowed, ...environment }, input);

const bodyOf = (path: string) => Buffer.from(`the bytes of ${path}`.repeat(1 + (path.length % 7)));

/**
 * A web server that has every file below `/f/`, and counts the requests. `answer` takes a request
 * over by returning true.
 */
async function serve(
  t: TestContext,
  answer: (request: IncomingMessage, response: ServerResponse) => boolean = () => false,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (answer(request, response)) return;
    if (!path.startsWith("/f/")) return void response.writeHead(404).end();
    const body = bodyOf(path);
    response.writeHead(200, {
      "content-length": body.length,
      "last-modified": "Wed, 09 Nov 2016 14:26:58 GMT",
    });
    response.end(body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function volumeOf(t: TestContext): Promise<{ folder: string; volume: string }> {
  const folder = await temporaryFolder(t);
  const volume = join(folder, "volume");
  mkdirSync(volume);
  return { folder, volume };
}

interface Told {
  readonly counts: Record<"listed" | "stored" | "unchanged" | "vanished" | "failed", { objects: number }>;
  readonly failed: readonly { key: string; reason: string }[];
}

test("the URLs of a list from standard input are fetched; a bad line is named with its number, and the rest goes on", async (t) => {
  const { url, asked } = await serve(t);
  const { volume } = await volumeOf(t);
  const md5 = createHash("md5").update(bodyOf("/f/c")).digest("hex");
  const lines = [
    `${url}/f/a%20b.jpg`,
    "# a comment",
    "htp:/broken",
    `of/my/own.jpg\t${url}/f/b?size=large\t${bodyOf("/f/b?size=large").length}`,
    `checked\t${url}/f/c\t\t${md5}`,
    `of/my/own.jpg\t${url}/f/other`,
    `../../etc/passwd\t${url}/f/d`,
    `gone\t${url}/nowhere`,
    `${url}/f/a%20b.jpg`,
  ];
  const list = () => Readable.from([lines.join("\n")]);
  const finished = await brigade(["copy", "list:-", volume, "--json"], {}, list());
  assert.equal(finished.code, 3, finished.stderr);
  const told: Told = JSON.parse(finished.stdout);
  assert.equal(told.counts.stored.objects, 3);
  assert.equal(told.counts.vanished.objects, 1);
  assert.deepEqual(
    told.failed.map(({ key, reason }) => [key, reason.replace("cannot be requested: ", "")]),
    [
      ["stdin:3", "no http:// or https:// URL"],
      ["stdin:6", "its key is that of line 4, which has another URL"],
      ["stdin:7", "its key cannot be stored: an empty part, . or .., or a NUL is in it"],
    ],
  );
  const host = new URL(url).host;
  assert.deepEqual(
    await filesBelow(join(volume, "stdin")),
    [`${host}/f/a b.jpg`, "checked", "of/my/own.jpg"].sort(),
  );
  const own = await readFile(join(volume, "stdin", "of/my/own.jpg"));
  assert.ok(own.equals(bodyOf("/f/b?size=large")));

  const before = asked.length;
  const again = await brigade(["copy", "list:-", volume, "--json"], {}, list());
  assert.equal((JSON.parse(again.stdout) as Told).counts.unchanged.objects, 3);
  assert.ok(
    asked.slice(before).every((path) => path === "/nowhere"),
    "only what is not there is asked for again",
  );
});

test("a run over a list that is killed goes on where it was, and fetches little twice", async (t) => {
  const { url, asked } = await serve(t);
  const { folder, volume } = await volumeOf(t);
  const names = Array.from({ length: 3_000 }, (_, n) => `d${n % 30}/n${n}.jpg`);
  const file = join(folder, "pictures.tsv.gz");
  writeFileSync(file, gzipSync(names.map((name) => `${name}\t${url}/f/${name}\n`).join("")));
  const args = ["copy", `list:${file}`, volume, "--json"];
  const few = { FETCH_CONCURRENCY: "8", PREFETCH_BATCHES: "2", BATCH_FILES: "16" };
  const first = startBrigade(args, { ...allowed, ...few });
  await until("a third is fetched", () => asked.length > names.length / 3);
  first.child.kill("SIGKILL");
  await first.finished;
  const finished = await brigade(args, few);
  assert.equal(finished.code, 0, finished.stderr);
  const told: Told = JSON.parse(finished.stdout);
  assert.equal(told.counts.listed.objects, names.length);
  assert.equal(told.counts.stored.objects, names.length);
  assert.deepEqual(await filesBelow(join(volume, "pictures")), [...names].sort());
  assert.ok(asked.length <= names.length + 64, `${asked.length} requests`);
});

test("one host that refuses us, and a page to log in in place of a file, are failures of their own objects only", async (t) => {
  const { url } = await serve(t, (request, response) => {
    const { url: path = "" } = request;
    if (path.startsWith("/private/")) response.writeHead(401).end();
    else if (path === "/moved.jpg") response.writeHead(302, { location: "/login" }).end();
    else if (path === "/login")
      response.writeHead(200, { "content-type": "text/html" }).end("<h1>log in</h1>");
    else return false;
    return true;
  });
  const { folder, volume } = await volumeOf(t);
  const file = join(folder, "urls.txt");
  writeFileSync(
    file,
    [`${url}/private/a`, `${url}/moved.jpg`, `${url}/f/x.jpg`, `${url}/f/y.jpg`].join("\n"),
  );
  const finished = await brigade(["copy", `list:${file}`, volume, "--json"]);
  assert.equal(finished.code, 3, finished.stderr);
  const told: Told = JSON.parse(finished.stdout);
  assert.equal(told.counts.stored.objects, 2);
  assert.deepEqual(
    told.failed.map(({ reason }) => /requires a user and a password|HTML page in place/.test(reason)),
    [true, true],
  );
});

test("a list that is missing, is a folder or is cut off is reported in one line", async (t) => {
  const { folder, volume } = await volumeOf(t);
  const missing = await brigade(["copy", `list:${folder}/none.txt`, volume]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /none\.txt: there is no such file/);
  assert.equal((await brigade(["copy", `list:${folder}`, volume])).code, 2);
  const cut = join(folder, "cut.gz");
  const text = Array.from({ length: 20_000 }, (_, n) => `http://127.0.0.1:1/${n * 7919}\n`).join("");
  writeFileSync(cut, gzipSync(text).subarray(0, 20_000));
  const finished = await brigade(["copy", `list:${cut}`, volume]);
  assert.equal(finished.code, 4, finished.stderr);
  assert.match(finished.stderr, /the list cut\.gz cannot be read, after line \d+: unexpected end of file/);
});

test("a large file without a size in the list comes in ranges all the same", async (t) => {
  const content = Buffer.alloc(6_000_000, "a large file, of which nobody said that it is large. ");
  const ranges: string[] = [];
  const { url } = await serve(t, ({ headers }, response) => {
    const { range } = headers;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (range !== undefined) ranges.push(range);
    const part = range === undefined ? content : content.subarray(Number(from), Number(to) + 1);
    response.writeHead(range === undefined ? 200 : 206, {
      "content-length": part.length,
      etag: '"one state"',
      ...(range !== undefined && { "content-range": `bytes ${from}-${to}/${content.length}` }),
    });
    response.end(part);
    return true;
  });
  const { volume } = await volumeOf(t);
  const list = Readable.from([`large.bin\t${url}/large.bin\n`]);
  const finished = await brigade(["copy", "list:-", volume, "--json"], { LARGE_OBJECT: "1MiB" }, list);
  assert.equal(finished.code, 0, finished.stderr);
  assert.ok((await readFile(join(volume, "stdin", "large.bin"))).equals(content));
  assert.ok(ranges.length >= 5, `${ranges.length} ranges`);
});

test("filters do not hide an unreadable line of a list", async (t) => {
  const { url } = await serve(t);
  const { volume } = await volumeOf(t);
  const list = Readable.from([`htp:/broken\n${url}/f/a.jpg\n${url}/f/b.png\n`]);
  const finished = await brigade(["copy", "list:-", volume, "--json", "--include", "*.jpg"], {}, list);
  assert.equal(finished.code, 3, finished.stderr);
  const told: Told = JSON.parse(finished.stdout);
  assert.deepEqual([told.counts.stored.objects, told.counts.failed.objects], [1, 1]);
});

test("a corrected URL, and a list of the same name with other URLs, are fetched; no output has passwords", async (t) => {
  const { url } = await serve(t);
  const { folder, volume } = await volumeOf(t);
  const file = join(folder, "urls.txt");
  const withPassword = url.replace("//", "//user:s3cret@");
  writeFileSync(file, `cat.jpg\t${withPassword}/f/one?sig=1\n${withPassword}/f/x\t48213\n`);
  const copy = async () => {
    const finished = await brigade(["copy", `list:${file}`, volume, "--json"]);
    assert.doesNotMatch(finished.stdout + finished.stderr, /s3cret/);
    return JSON.parse(finished.stdout) as Told;
  };
  assert.equal((await copy()).counts.stored.objects, 1);
  writeFileSync(file, `cat.jpg\t${withPassword}/f/one?sig=2\n`);
  assert.equal((await copy()).counts.unchanged.objects, 1, "signed anew is no change");
  writeFileSync(file, `cat.jpg\t${withPassword}/f/two\n`);
  assert.equal((await copy()).counts.stored.objects, 1);
  assert.ok((await readFile(join(volume, "urls", "cat.jpg"))).equals(bodyOf("/f/two")));
  assert.equal(statSync(join(volume, ".brigade/state/lists/urls.sqlite")).mode & 0o077, 0);
});

test("a host that is away, or demands a wait, delays no other host, and only its objects fail", async (t) => {
  const { url } = await serve(t, ({ url: path = "" }, response) => {
    if (!path.startsWith("/busy/")) return false;
    response.writeHead(503, { "retry-after": "300" }).end();
    return true;
  });
  const { folder, volume } = await volumeOf(t);
  const busy = url.replace("127.0.0.1", "localhost");
  const dead = "http://127.0.0.1:9";
  const file = join(folder, "urls.txt");
  const good = Array.from({ length: 300 }, (_, n) => `good/${n}\t${url}/f/${n}`);
  const bad = [`bad/busy\t${busy}/busy/a`, ...Array.from({ length: 40 }, (_, n) => `bad/${n}\t${dead}/${n}`)];
  writeFileSync(file, [...good.slice(0, 100), ...bad, ...good.slice(100)].join("\n"));
  const finished = await brigade(["copy", `list:${file}`, volume, "--json"], { MAX_ATTEMPTS: "2" });
  assert.equal(finished.code, 3, finished.stderr);
  const told: Told = JSON.parse(finished.stdout);
  assert.deepEqual([told.counts.stored.objects, told.counts.failed.objects], [300, 41]);
});
