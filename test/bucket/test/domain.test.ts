import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { domainToken, explicitTree, startBucket, syntheticTree } from "../index.ts";
import { ask, codeOf } from "./client.ts";

const pictures = syntheticTree({ directories: 1, filesPerDirectory: 2, minSize: 20_000, maxSize: 40_000 });
const key = "d0/p0.jpg";

test("the public domain serves bytes without credentials, with their MD5 as ETag", async () => {
  await using bucket = await startBucket({ tree: pictures });
  const { status, headers, body } = await ask(bucket.domainUrl, `/${key}`);
  assert.equal(status, 200);
  assert.ok(body.equals(pictures.bodyOf(key)));
  assert.equal(headers.etag, `"${createHash("md5").update(body).digest("hex")}"`);
  assert.deepEqual([bucket.counters.domain, bucket.counters.get, bucket.fetches(key)], [1, 0, 1]);
});

test("a version is another picture of another size", async () => {
  await using bucket = await startBucket({ tree: pictures, domain: { versions: ["s400", "small"] } });
  const original = pictures.bodyOf(key);
  const version = await ask(bucket.domainUrl, `/${key}!s400`);
  const encoded = await ask(bucket.domainUrl, `/${key}%21s400`);
  const other = await ask(bucket.domainUrl, `/${key}!small`);
  assert.equal(version.status, 200);
  assert.ok(version.body.equals(bucket.bodyOf(key, "s400")));
  assert.ok(encoded.body.equals(version.body));
  assert.notEqual(version.body.length, original.length);
  assert.ok(!other.body.equals(version.body));
  assert.equal(version.body.subarray(0, 3).toString("hex"), "ffd8ff");
  assert.equal((await ask(bucket.domainUrl, `/${key}!/fw/300`)).status, 200);
});

test("an unknown version is 404 Not Profile, a version of no image 405, of no object a plain 404", async () => {
  const tree = explicitTree([
    ["a.jpg", { size: 3000 }],
    ["a.txt", { size: 3000 }],
  ]);
  await using bucket = await startBucket({ tree });
  const unknown = await ask(bucket.domainUrl, "/a.jpg!none");
  assert.equal(unknown.status, 404);
  assert.match(unknown.text, /Not Profile/);
  assert.equal((await ask(bucket.domainUrl, "/a.txt!s400")).status, 405);
  const missing = await ask(bucket.domainUrl, "/b.jpg!s400");
  assert.deepEqual([missing.status, codeOf(missing)], [404, "40400001"]);
});

test("a key is cut at the separator", async () => {
  await using bucket = await startBucket({ tree: explicitTree([["a!b.jpg", { size: 3000 }]]) });
  assert.equal((await ask(bucket.domainUrl, "/a!b.jpg")).status, 404);
  await using dashed = await startBucket({
    tree: explicitTree([["a!b.jpg", { size: 3000 }]]),
    domain: { separator: "-" },
  });
  assert.equal((await ask(dashed.domainUrl, "/a!b.jpg")).status, 200);
  assert.equal((await ask(dashed.domainUrl, "/a!b.jpg-s400")).status, 200);
});

test("Referers are checked against the list", async () => {
  const domain = { referers: ["*.example.com", "example.org"], emptyReferer: false };
  await using bucket = await startBucket({ tree: pictures, domain });
  const statusFor = async (referer?: string) =>
    (await ask(bucket.domainUrl, `/${key}`, { headers: referer === undefined ? {} : { Referer: referer } }))
      .status;
  assert.equal(await statusFor("https://www.example.com/page"), 200);
  assert.equal(await statusFor("https://example.org"), 200);
  assert.equal(await statusFor("https://example.net/"), 403);
  assert.equal(await statusFor(), 403);
  const refused = await ask(bucket.domainUrl, `/${key}`);
  assert.equal(codeOf(refused), "40310014");
});

test("the token is signed over the decoded path and expires", async () => {
  assert.equal(domainToken("secret", 1370000600, "/dir/pic.jpg"), "0c74625e1370000600");
  let now = 1_370_000_000_000;
  const tree = explicitTree([["a b.jpg", { size: 3000 }]]);
  await using bucket = await startBucket({ tree, domain: { tokenSecret: "secret" }, now: () => now });
  const token = domainToken("secret", 1370000600, "/a b.jpg");
  const version = domainToken("secret", 1370000600, "/a b.jpg!s400");
  assert.equal((await ask(bucket.domainUrl, `/a%20b.jpg?_upt=${token}`)).status, 200);
  assert.equal((await ask(bucket.domainUrl, `/a%20b.jpg!s400?_upt=${version}`)).status, 200);
  assert.equal((await ask(bucket.domainUrl, `/a%20b.jpg!s400?_upt=${token}`)).status, 403);
  assert.equal(codeOf(await ask(bucket.domainUrl, "/a%20b.jpg")), "40310013");
  now += 600_000;
  assert.equal((await ask(bucket.domainUrl, `/a%20b.jpg?_upt=${token}`)).status, 403);
});

test("the public domain repeats a 404 for its time, although the object is there by now", async () => {
  let now = 1_500_000_000_000;
  const domain = { cache404Ms: 300_000 };
  await using bucket = await startBucket({ tree: explicitTree(), domain, now: () => now });
  assert.equal((await ask(bucket.domainUrl, "/new.jpg")).status, 404);
  bucket.put("new.jpg", Buffer.from("here"));
  assert.equal((await ask(bucket.domainUrl, "/new.jpg")).status, 404);
  now += 300_001;
  assert.equal((await ask(bucket.domainUrl, "/new.jpg")).text, "here");
});

test("stale copies outlive an overwrite until they are purged", async () => {
  const tree = explicitTree([["a.txt", Buffer.from("old")]]);
  await using bucket = await startBucket({ tree, domain: { staleCopies: true } });
  const etag = async () => (await ask(bucket.domainUrl, "/a.txt")).headers.etag;
  const old = await etag();
  bucket.put("a.txt", Buffer.from("new bytes"));
  assert.equal((await ask(bucket.domainUrl, "/a.txt")).text, "old");
  assert.equal(await etag(), old);
  bucket.purge();
  assert.equal((await ask(bucket.domainUrl, "/a.txt")).text, "new bytes");
});

test("the public domain can answer an error with a redirect to a picture, which comes with 200", async () => {
  await using bucket = await startBucket({
    tree: pictures,
    forbidden: [key],
    domain: { errorPicture: true },
  });
  for (const path of ["/none.jpg", `/${key}`]) {
    const { status, headers } = await ask(bucket.domainUrl, path);
    assert.equal(status, 302);
    const location = new URL(headers.location ?? "");
    const picture = await ask(location.origin, location.pathname);
    assert.deepEqual([picture.status, picture.headers["content-type"]], [200, "image/jpeg"]);
  }
});

test("a big file is sent to another address, which keeps the original host in the path and serves ranges", async () => {
  const tree = explicitTree([
    ["dir/big file.zip", { size: 500_000 }],
    ["small.zip", { size: 400 }],
  ]);
  await using bucket = await startBucket({ tree, domain: { dispatchFrom: 100_000 } });
  const { status, headers } = await ask(bucket.domainUrl, "/dir/big%20file.zip");
  const location = new URL(headers.location ?? "");
  assert.equal(status, 302);
  assert.equal(location.pathname, `/${new URL(bucket.domainUrl).host}/dir/big%20file.zip`);
  assert.notEqual(location.host, new URL(bucket.domainUrl).host);
  const part = await ask(location.origin, location.pathname + location.search, {
    headers: { Range: "bytes=5-9" },
  });
  assert.ok(part.body.equals(bucket.bodyOf("dir/big file.zip").subarray(5, 10)));
  assert.equal((await ask(bucket.domainUrl, "/small.zip")).status, 200);
  assert.equal(bucket.counters.edge, 1);
});

test("texts are compressed for clients that accept it, or for all, as configured", async () => {
  const text = "text ".repeat(200);
  const tree = explicitTree([["a.txt", Buffer.from(text)]]);
  await using bucket = await startBucket({ tree });
  const encodingFor = async (url: string, accepted: string) =>
    ask(url, "/a.txt", { headers: { "Accept-Encoding": accepted } });
  const compressed = await encodingFor(bucket.domainUrl, "gzip, br");
  assert.equal(compressed.headers["content-encoding"], "gzip");
  assert.match(compressed.headers.etag ?? "", /^W\//);
  assert.equal(gunzipSync(compressed.body).toString(), text);
  assert.equal((await encodingFor(bucket.domainUrl, "identity")).text, text);
  await using careless = await startBucket({ tree, domain: { gzip: "always" } });
  assert.equal((await encodingFor(careless.domainUrl, "identity")).headers["content-encoding"], "gzip");
});

test("a request for several ranges is answered with 416 and its code", async () => {
  await using bucket = await startBucket({ tree: pictures });
  const codeFor = async (range: string | string[]) =>
    codeOf(await ask(bucket.domainUrl, `/${key}`, { headers: { Range: range } }));
  assert.equal(await codeFor("bytes=0-1,5-6"), "41610002");
  assert.equal(await codeFor(["bytes=0-1", "bytes=5-6"]), "41610001");
  assert.equal(await codeFor("bytes=99999999-"), "41610003");
  assert.equal((await ask(bucket.domainUrl, `/${key}`, { headers: { Range: "bytes=0-1" } })).status, 206);
});
