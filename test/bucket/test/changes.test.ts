import assert from "node:assert/strict";
import { test } from "node:test";
import { explicitTree, startBucket, syntheticTree } from "../index.ts";
import { ask, askRest, codeOf, listAll } from "./client.ts";

const tree = syntheticTree({ directories: 1, filesPerDirectory: 6, minSize: 400, maxSize: 900 });

test("objects of a running bucket can be put, overwritten and removed; the given tree stays as it was", async () => {
  await using bucket = await startBucket({ tree });
  const old = await askRest(bucket, "d0/p1.jpg", { method: "HEAD" });
  bucket.put("d0/p1.jpg", { bytes: Buffer.from("changed"), modified: 1_700_000_000 });
  bucket.put("d9/new/x.jpg", Buffer.from("new"));
  bucket.remove("d0/p4.jpg");
  const { rows } = await listAll(bucket, "d0", 2);
  assert.deepEqual(
    rows.map(([name]) => name),
    ["p0.jpg", "p1.jpg", "p2.jpg", "p3.jpg", "p5.jpg"],
  );
  assert.deepEqual(rows[1]?.slice(2), ["7", "1700000000"]);
  assert.equal((await askRest(bucket, "d0/p1.jpg")).text, "changed");
  const head = await askRest(bucket, "d0/p1.jpg", { method: "HEAD" });
  assert.notEqual(head.headers["content-md5"], old.headers["content-md5"]);
  assert.equal((await askRest(bucket, "d0/p4.jpg")).status, 404);
  assert.deepEqual(
    (await listAll(bucket, "", 10)).rows.map(([name]) => name),
    ["d0", "d9"],
  );
  assert.equal((await listAll(bucket, "d9/new", 10)).rows[0]?.[0], "x.jpg");
  bucket.put("d0/p4.jpg", Buffer.from("back"));
  assert.equal((await listAll(bucket, "d0", 2)).rows.length, 6);
  assert.equal(tree.object("d0/p4.jpg")?.body.size, tree.bodyOf("d0/p4.jpg").length);
});

test("a cursor goes on at its name, although rows before it are added and removed", async () => {
  await using bucket = await startBucket({ tree });
  const paging = { "x-list-limit": "2" };
  const first = await askRest(bucket, "d0/", { headers: paging });
  const cursor = String(first.headers["x-upyun-list-iter"]);
  bucket.remove("d0/p0.jpg");
  bucket.remove("d0/p1.jpg");
  bucket.put("d0/a.jpg", Buffer.from("a"));
  const second = await askRest(bucket, "d0/", { headers: { ...paging, "x-list-iter": cursor } });
  assert.match(second.text, /^p2\.jpg\t.*\np3\.jpg\t/);
});

test("forbidden keys are answered with 403 and vanished ones with 404 everywhere, although they are listed", async () => {
  await using bucket = await startBucket({ tree, forbidden: ["d0/p0.jpg"], vanished: ["d0/p1.jpg"] });
  for (const [key, status] of [
    ["d0/p0.jpg", 403],
    ["d0/p1.jpg", 404],
  ] as const) {
    assert.equal((await askRest(bucket, key)).status, status);
    assert.equal((await askRest(bucket, key, { method: "HEAD" })).status, status);
    assert.equal((await ask(bucket.domainUrl, `/${key}`)).status, status);
  }
  assert.equal((await listAll(bucket, "d0", 10)).rows.length, 6);
  bucket.restore("d0/p0.jpg", "d0/p1.jpg");
  bucket.vanish("d0/p2.jpg");
  bucket.forbid("d0/p3.jpg");
  const statuses = await Promise.all(
    [0, 1, 2, 3].map(async (i) => (await ask(bucket.domainUrl, `/d0/p${i}.jpg`)).status),
  );
  assert.deepEqual(statuses, [200, 200, 404, 403]);
});

test("in an outage the bucket answers 503, resets or refuses connections; it ends at the same addresses", async () => {
  await using bucket = await startBucket({ tree });
  const both = [() => ask(bucket.domainUrl, "/d0/p0.jpg"), () => askRest(bucket, "d0/")];
  for (const request of both) {
    await bucket.setOutage("status");
    assert.equal((await request()).status, 503);
    await bucket.setOutage("reset");
    await assert.rejects(request(), { code: "ECONNRESET" });
    await bucket.setOutage("refused");
    await assert.rejects(request(), { code: "ECONNREFUSED" });
    await bucket.setOutage("off");
    assert.equal((await request()).status, 200);
  }
  assert.equal(bucket.counters.outage, 4);
});

test("after a change of password the old one is refused", async () => {
  await using bucket = await startBucket({ tree });
  bucket.setPassword("another");
  assert.equal(codeOf(await askRest(bucket, "d0/")), 40100005);
});

test("the bucket counts the most requests that were open at once", async () => {
  await using bucket = await startBucket({ tree: explicitTree([["a", Buffer.from("a")]]), latencyMs: 50 });
  await Promise.all([1, 2, 3, 4].map(() => ask(bucket.domainUrl, "/a")));
  assert.equal(bucket.counters.peak, 4);
  assert.equal(bucket.fetches("a"), 4);
});

test("a bucket that only lists refuses bodies and goes on listing", async () => {
  await using bucket = await startBucket({ tree, listingOnly: true });
  assert.equal((await ask(bucket.domainUrl, "/d0/p0.jpg")).status, 405);
  assert.equal((await askRest(bucket, "d0/p0.jpg")).status, 405);
  assert.equal((await askRest(bucket, "d0/p0.jpg", { method: "HEAD" })).status, 200);
  assert.equal((await listAll(bucket, "d0", 10)).rows.length, 6);
});
