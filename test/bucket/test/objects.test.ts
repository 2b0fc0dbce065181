import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { endOfListing, explicitTree, startBucket, syntheticTree } from "../index.ts";
import { ask, askRest, codeOf, signed } from "./client.ts";

const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const tree = syntheticTree({ directories: 1, filesPerDirectory: 3, minSize: 70_000, maxSize: 200_000 });
const key = "d0/p1.jpg";

test("GET returns an object's bytes with length, date and sums", async () => {
  await using bucket = await startBucket({ tree });
  const { status, headers, body } = await askRest(bucket, key);
  const expected = tree.bodyOf(key);
  assert.equal(status, 200);
  assert.ok(body.equals(expected));
  assert.equal(headers["content-length"], String(expected.length));
  assert.equal(headers["content-type"], "image/jpeg");
  assert.equal(headers["content-md5"], md5(expected));
  assert.equal(headers.etag, `"${md5(expected)}"`);
  assert.equal(Date.parse(headers["last-modified"] ?? ""), (tree.object(key)?.modified ?? 0) * 1000);
  assert.equal(headers["x-upyun-file-type"], "JPEG");
  assert.equal(bucket.fetches(key), 1);
});

test("HEAD returns size, date, MD5, and if the path is a directory", async () => {
  await using bucket = await startBucket({ tree });
  const file = await askRest(bucket, key, { method: "HEAD" });
  assert.equal(file.headers["x-upyun-file-type"], "file");
  assert.equal(file.headers["x-upyun-file-size"], String(tree.bodyOf(key).length));
  assert.equal(file.headers["x-upyun-file-date"], String(tree.object(key)?.modified));
  assert.equal(file.headers["content-md5"], md5(tree.bodyOf(key)));
  for (const directory of ["", "d0", "d0/"]) {
    const found = await askRest(bucket, directory, { method: "HEAD" });
    assert.deepEqual([found.status, found.headers["x-upyun-file-type"]], [200, "folder"], directory);
    assert.equal(found.headers["x-upyun-file-size"], undefined);
  }
  const missing = await askRest(bucket, "d0/none.jpg", { method: "HEAD" });
  assert.deepEqual([missing.status, missing.text], [404, ""]);
  assert.equal(bucket.heads(key), 1);
});

test("a missing object is 404 with code and request id", async () => {
  await using bucket = await startBucket({ tree });
  const missing = await askRest(bucket, "d0/none.jpg");
  assert.equal(missing.status, 404);
  const { code, msg, id } = JSON.parse(missing.text) as Record<string, unknown>;
  assert.deepEqual([code, msg, typeof id], [40400001, "file or directory not found", "string"]);
});

test("GET of a directory returns its listing, unless the request is for a file only", async () => {
  await using bucket = await startBucket({ tree });
  const listing = await askRest(bucket, "d0");
  assert.equal(listing.headers["x-upyun-list-iter"], endOfListing);
  assert.match(listing.text, /^p0\.jpg\tN\t/);
  assert.equal(codeOf(await askRest(bucket, "d0", { headers: { "x-upyun-folder": "false" } })), 40300015);
  await using careless = await startBucket({ tree, rest: { honoursFolderHeader: false } });
  const anyway = await askRest(careless, "d0", { headers: { "x-upyun-folder": "false" } });
  assert.equal(anyway.headers["x-upyun-list-iter"], endOfListing);
});

test("listing a path that is a file gives the file's bytes, without a cursor", async () => {
  await using bucket = await startBucket({ tree });
  const file = await askRest(bucket, `${key}/`, {
    headers: { "x-list-limit": "10", "x-upyun-folder": "true" },
  });
  assert.ok(file.body.equals(tree.bodyOf(key)));
  assert.equal(file.headers["x-upyun-list-iter"], undefined);
});

test("ranges give just those bytes; those beyond the end and malformed ones are errors", async () => {
  await using bucket = await startBucket({ tree });
  const whole = tree.bodyOf(key);
  const { length } = whole;
  for (const [range, from, to] of [
    ["bytes=0-0", 0, 1],
    ["bytes=17-18", 17, 19],
    ["bytes=65000-66000", 65_000, 66_001],
    [`bytes=${length - 1}-`, length - 1, length],
    ["bytes=100-99999999", 100, length],
    ["bytes=-150", length - 150, length],
  ] as const) {
    const part = await askRest(bucket, key, { headers: { Range: range } });
    assert.equal(part.status, 206, range);
    assert.ok(part.body.equals(whole.subarray(from, to)), range);
    assert.equal(part.headers["content-range"], `bytes ${from}-${to - 1}/${length}`);
    assert.equal(part.headers["content-md5"], md5(whole), "the sum is that of the whole");
  }
  const beyond = await askRest(bucket, key, { headers: { Range: `bytes=${length}-` } });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, `bytes */${length}`]);
  assert.equal(codeOf(await askRest(bucket, key, { headers: { Range: "bytes=9-3" } })), 40001161);
  assert.equal(codeOf(await askRest(bucket, key, { headers: { Range: "lines=1-2" } })), 40001161);
});

test("a zero-byte object has no satisfiable range but a plain GET", async () => {
  await using bucket = await startBucket({ tree: explicitTree([["empty", new Uint8Array()]]) });
  const plain = await askRest(bucket, "empty");
  assert.deepEqual([plain.status, plain.headers["content-length"], plain.body.length], [200, "0", 0]);
  assert.equal((await askRest(bucket, "empty", { headers: { Range: "bytes=0-" } })).status, 416);
});

test("an object's sums can be left out or quoted", async () => {
  await using without = await startBucket({ tree, rest: { md5: false } });
  const bare = await askRest(without, key, { method: "HEAD" });
  assert.deepEqual([bare.headers["content-md5"], bare.headers.etag], [undefined, undefined]);
  await using quoting = await startBucket({ tree, rest: { quotedMd5: true } });
  assert.match(String((await askRest(quoting, key)).headers["content-md5"]), /^"[0-9a-f]{32}"$/);
});

test("objects of more than 4 GiB are listed with their size and served in parts", async () => {
  const size = 5 * 2 ** 30 + 7;
  await using bucket = await startBucket({
    tree: explicitTree([["big.bin", { size }]]),
    rest: { md5: false },
  });
  const head = await askRest(bucket, "big.bin", { method: "HEAD" });
  assert.equal(head.headers["x-upyun-file-size"], String(size));
  const tail = await askRest(bucket, "big.bin", { headers: { Range: `bytes=${size - 100_000}-` } });
  assert.equal(tail.body.length, 100_000);
  assert.equal(tail.body.subarray(-2).toString("hex"), "ffd9");
});

test("bad escapes and text that is not UTF-8 are 400 with their codes", async () => {
  await using bucket = await startBucket({ tree });
  for (const [path, code] of [
    ["/demo/%zz", 40001000],
    ["/demo/%ff%fe", 40001021],
    ["/demo/d0/%2e%2e/x", 40001000],
    ["/demo/nul%00", 40001000],
  ] as const) {
    const response = await ask(bucket.restUrl, path, { headers: signed("GET", path) });
    assert.deepEqual([response.status, codeOf(response)], [400, code], path);
  }
});
