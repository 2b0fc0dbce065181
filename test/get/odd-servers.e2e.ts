import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { startWebServer } from "./web-server.ts";

const content = randomFillSync(Buffer.alloc(6_000_000));

test("a file that grows all the time comes in one stream, as it is at one moment", async (t) => {
  let size = 3_000_000;
  await using server = await startWebServer(content, () => {
    size += 1000;
    server.content = Buffer.alloc(size, size.toString());
    return false;
  });
  const target = join(await temporaryFolder(t), "file.zip");
  const { code, stderr } = await brigade(["get", `${server.url}/file.zip`, "-o", target]);
  assert.equal(code, 0, stderr);
  assert.equal(stderr.match(/has changed meanwhile: it is fetched anew/g)?.length, 2, stderr);
  const bytes = readFileSync(target);
  assert.ok(bytes.equals(Buffer.alloc(bytes.length, bytes.length.toString())));
});

test("ETags of each machine's own: one stream brings the file, or pieces that a checksum proves", async (t) => {
  let machine = 0;
  await using server = await startWebServer(content, (request, response) => {
    const etag = `"${machine++}"`;
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const isRange = from !== undefined && request.headers["if-range"] === undefined;
    const part = isRange ? content.subarray(Number(from), Number(to) + 1) : content;
    response.writeHead(isRange ? 206 : 200, {
      etag,
      "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT",
      "content-length": part.length,
      ...(isRange && { "content-range": `bytes ${from}-${to}/${content.length}` }),
    });
    response.end(part);
    return true;
  });
  const folder = await temporaryFolder(t);
  const sha256 = createHash("sha256").update(content).digest("hex");
  for (const [name, more] of [
    ["plain", []],
    ["proven", ["--checksum", `sha256:${sha256}`]],
  ] as const) {
    const target = join(folder, name);
    const { code, stderr } = await brigade(["get", `${server.url}/file.zip`, "-o", target, ...more]);
    assert.equal(code, 0, stderr);
    assert.ok(readFileSync(target).equals(content));
    assert.equal(/in one stream/.test(stderr), name === "plain", stderr);
  }
});

test("a line of a cookie file that cannot be used gets a warning, and the others are sent", async (t) => {
  await using server = await startWebServer(content);
  const folder = await temporaryFolder(t);
  const file = join(folder, "cookies.txt");
  writeFileSync(file, `\ufeff127.0.0.1\tfalse\t/\tfalse\t1999999999.25\tname\tvalue\nno cookie\n`);
  const args = ["get", `${server.url}/file.zip`, "-d", folder, "--cookie-file", file];
  const { code, stderr } = await brigade(args);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /not in Netscape's format \(as of curl -c\) in line 2: the others are used/);
  assert.equal(server.requests[0]?.headers.cookie, "name=value");
  writeFileSync(file, '[{"name": "a"}]');
  assert.equal((await brigade([...args, "--overwrite"])).code, 2);
});

test("a server cannot prepare another download by the name of its file", async (t) => {
  let name = "";
  await using server = await startWebServer(content, (request, response) => {
    if (request.url !== "/named") return false;
    response.writeHead(200, {
      "content-type": "application/zip",
      "content-disposition": `attachment; filename="${name}"`,
      "content-length": "5",
    });
    response.end("12345");
    return true;
  });
  const folder = await temporaryFolder(t);
  for (name of ["file.zip.part", "file.zip.part.json", "file.zip.PART.json.new", "file.zip.part.lock"]) {
    const { code, stderr } = await brigade(["get", `${server.url}/named`, "-d", folder]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /name it yourself with -o/);
    assert.deepEqual(readdirSync(folder), []);
  }
  name = `${"long".repeat(100)}.tar.gz`;
  const { code, stderr } = await brigade(["get", `${server.url}/named`, "-d", folder]);
  assert.equal(code, 0, stderr);
  assert.deepEqual(readdirSync(folder), [`${"long".repeat(62)}.tar.gz`]);
});
