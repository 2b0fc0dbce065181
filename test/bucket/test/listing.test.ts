import assert from "node:assert/strict";
import { test } from "node:test";
import {
  endOfListing,
  explicitTree,
  hostileNames,
  hostileRows,
  oddNames,
  oddObjects,
  startBucket,
  syntheticTree,
  withHostileRows,
} from "../index.ts";
import { askRest, codeOf, listAll, rowsOf } from "./client.ts";

const small = syntheticTree({ directories: 1, depth: 0, filesPerDirectory: 10, minSize: 10, maxSize: 20 });

test("a text page has four columns, no trailing LF, and a cursor; the last one has the end marker", async () => {
  await using bucket = await startBucket({ tree: small });
  const page = await askRest(bucket, "", { headers: { "x-list-limit": "3" } });
  assert.match(page.text, /^(p\d\.jpg\tN\t\d+\t\d{10}\n){2}p\d\.jpg\tN\t\d+\t\d{10}$/);
  const { rows, pages } = await listAll(bucket, "", 3);
  assert.deepEqual(
    rows.map(([name]) => name),
    [...Array(10).keys()].map((i) => `p${i}.jpg`),
  );
  assert.equal(pages, 4);
  assert.equal(bucket.counters.list, 5);
  assert.equal(bucket.counters.firstPages, 2);
  assert.equal(bucket.listings(""), 5);
});

test("a full last page carries the marker, or is followed by an empty page that does", async () => {
  for (const [fullLastPage, expected] of [
    ["marker", 2],
    ["empty", 3],
  ] as const) {
    await using bucket = await startBucket({ tree: small, listing: { fullLastPage } });
    const { rows, pages } = await listAll(bucket, "", 5);
    assert.deepEqual([rows.length, pages], [10, expected]);
  }
});

test("descending order gives the same rows backwards", async () => {
  const sets = [small, explicitTree([...oddObjects()])];
  for (const tree of sets) {
    await using bucket = await startBucket({ tree });
    const ascending = await listAll(bucket, "", 3);
    const descending = await listAll(bucket, "", 3, { "x-list-order": "desc" });
    assert.deepEqual(descending.rows.reverse(), ascending.rows);
  }
});

test("a listing in an unknown order is refused with code 40300014", async () => {
  await using bucket = await startBucket({ tree: small });
  assert.equal(codeOf(await askRest(bucket, "", { headers: { "x-list-order": "size" } })), 40300014);
});

test("a greater limit than the service's is cut to it", async () => {
  await using bucket = await startBucket({ tree: small, listing: { maxLimit: 4 } });
  const { rows, pages } = await listAll(bucket, "", 1000);
  assert.deepEqual([rows.length, pages], [10, 3]);
});

test("JSON has the same rows, and its cursor in the body", async () => {
  await using bucket = await startBucket({ tree: small });
  const headers = { Accept: "application/json", "x-list-limit": "9" };
  const text = await askRest(bucket, "", { headers: { "x-list-limit": "9" } });
  const json = await askRest(bucket, "", { headers });
  const page = JSON.parse(json.text) as { files: Record<string, unknown>[]; iter: string };
  assert.equal(json.headers["x-upyun-list-iter"], undefined);
  assert.equal(page.iter, text.headers["x-upyun-list-iter"]);
  assert.deepEqual(
    page.files.map(({ name, type, length, last_modified }) => [
      name,
      type,
      String(length),
      String(last_modified),
    ]),
    rowsOf(text.text).map(([name, , size, time]) => [name, "image/jpeg", size, time]),
  );
  const last = await askRest(bucket, "", { headers: { ...headers, "x-list-iter": page.iter } });
  assert.equal((JSON.parse(last.text) as { iter: string }).iter, endOfListing);
});

test("an empty directory is an empty page; a missing one is 404 with code 40400001", async () => {
  await using bucket = await startBucket({ tree: explicitTree([], ["empty"]) });
  const empty = await askRest(bucket, "empty/");
  assert.deepEqual([empty.status, empty.text, empty.headers["x-upyun-list-iter"]], [200, "", endOfListing]);
  const missing = await askRest(bucket, "missing/");
  assert.deepEqual([missing.status, codeOf(missing)], [404, 40400001]);
});

test("a cursor is refused for another directory, limit or order, and when it is garbage", async () => {
  const tree = syntheticTree({ directories: 2, filesPerDirectory: 5, minSize: 1, maxSize: 1 });
  await using bucket = await startBucket({ tree });
  const first = await askRest(bucket, "d0/", { headers: { "x-list-limit": "2" } });
  const cursor = String(first.headers["x-upyun-list-iter"]);
  const again = (directory: string, headers: Record<string, string>) =>
    askRest(bucket, directory, { headers: { "x-list-limit": "2", "x-list-iter": cursor, ...headers } });
  assert.equal((await again("d0/", {})).status, 200);
  assert.equal(codeOf(await again("d1/", {})), 40001005);
  assert.equal(codeOf(await again("d0/", { "x-list-limit": "3" })), 40001005);
  assert.equal(codeOf(await again("d0/", { "x-list-order": "desc" })), 40001005);
  assert.equal(codeOf(await again("d0/", { "x-list-iter": "garbage" })), 40001005);
});

test("odd names come raw, and each can be listed, fetched and asked about", async () => {
  const objects = oddObjects();
  await using bucket = await startBucket({ tree: explicitTree(objects) });
  const { rows } = await listAll(bucket, "", 7);
  const files = rows.filter(([, kind]) => kind === "N").map(([name]) => name ?? "");
  assert.deepEqual(files.sort(), [...new Set([...oddNames, "empty.jpg", "empty"])].sort());
  for (const [key, bytes] of objects) {
    assert.deepEqual((await askRest(bucket, key)).body, Buffer.from(bytes), key);
    assert.equal((await askRest(bucket, key, { method: "HEAD" })).headers["x-upyun-file-type"], "file", key);
  }
  assert.equal((await listAll(bucket, "a%2fb.d", 5)).rows[0]?.[0], "inside.txt");
});

test("hostile rows stand in text and JSON listings byte for byte, and nothing is behind them", async () => {
  const tree = withHostileRows(small, hostileRows());
  await using bucket = await startBucket({ tree });
  const page = await askRest(bucket, "", { headers: { "x-list-limit": "100" } });
  const json = await askRest(bucket, "", { headers: { "x-list-limit": "100", Accept: "application/json" } });
  for (const name of hostileNames) {
    for (const kind of ["N", "F"]) {
      assert.ok(
        page.body.includes(Buffer.concat([Buffer.from(name), Buffer.from(`\t${kind}\t`)])),
        String(name),
      );
    }
    const quoted = typeof name === "string" ? Buffer.from(JSON.stringify(name)) : Buffer.from(name);
    assert.ok(json.body.includes(quoted), String(name));
  }
  assert.equal((await listAll(bucket, "", 2)).rows.length, 10 + 2 * hostileNames.length);
  const files = (JSON.parse(json.text) as { files: unknown[] }).files;
  assert.equal(files.length, 10 + 2 * hostileNames.length);
  assert.equal(codeOf(await askRest(bucket, "../escaped.jpg")), 40001000);
});

test("a directory of ten million entries is paged from anywhere", async () => {
  const count = 10_000_000;
  const tree = syntheticTree({ directories: 1, depth: 0, filesPerDirectory: count, minSize: 1, maxSize: 9 });
  const after = { name: "p9999000.jpg", kind: "file" } as const;
  const rows = tree.list("", after, 10_000, "asc") ?? [];
  assert.deepEqual([rows.length, rows[0]?.name, rows.at(-1)?.name], [999, "p9999001.jpg", "p9999999.jpg"]);
  let position: { name: string; kind: "file" } | undefined;
  for (let page = 0; page < 200; page++) {
    const last = tree.list("", position, 1000, "asc")?.at(-1);
    position = { name: last?.name ?? "", kind: "file" };
  }
  assert.equal(position?.name, "p0199999.jpg");
});
