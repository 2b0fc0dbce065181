import assert from "node:assert/strict";
import { test } from "node:test";
import { explicitTree, signatureOf, startBucket } from "../index.ts";
import { ask, askRest, codeOf, signed } from "./client.ts";

const tree = explicitTree([["a#b.txt", Buffer.from("abc")]]);
const path = "/demo/a%23b.txt";

test("the bucket's signatures are those of the vendor's published examples", () => {
  const date = "Wed, 09 Nov 2016 14:26:58 GMT";
  const md5 = "7ac66c0f148de9519b8bd264312c4d64";
  const vectors: [string, string[], string][] = [
    ["password123", ["PUT", "/upyun-temp/demo.jpg", date, md5], "YUaAZX+WNAcJdNGHS5SBlITME5A="],
    ["password", ["POST", "/bucket"], "Xx3G6+DAvUyCL2Y2npSW/giTFI8="],
    ["password123", ["PUT", "/bucket/client_37ascii", "1528531186"], "P2UZNhjF+wB4MPq8ONSFU2aVW+8="],
    ["password123", ["GET", "/upyun-temp/", date], "V5NN3Xb6w4kSQCXuab8spbNBMsY="],
    [
      "password123",
      ["GET", "/upyun-temp/%E4%B8%AD%E6%96%87%20a%23b.txt", date],
      "dqQVDO3A0sE+bDpWNQ1uoLmrE6g=",
    ],
  ];
  for (const [password, parts, expected] of vectors) assert.equal(signatureOf(password, parts), expected);
});

test("the bucket accepts a signature over the target as it came, with Date or X-Date", async () => {
  await using bucket = await startBucket({ tree });
  assert.equal((await ask(bucket.restUrl, path, { headers: signed("GET", path) })).text, "abc");
  const { Date: date, Authorization } = signed("GET", path);
  assert.equal((await ask(bucket.restUrl, path, { headers: { "X-Date": date, Authorization } })).status, 200);
});

test("the bucket refuses a signature over another spelling, method or password, each with its code", async () => {
  await using bucket = await startBucket({ tree });
  const codeFor = async (headers: Record<string, string>) => {
    const response = await ask(bucket.restUrl, path, { headers });
    assert.equal(response.status, 401);
    return codeOf(response);
  };
  const right = signed("GET", path);
  assert.equal(await codeFor(signed("GET", "/demo/a#b.txt")), 40100005);
  assert.equal(await codeFor(signed("HEAD", path)), 40100005);
  assert.equal(await codeFor(signed("GET", path, new Date(), "wrong")), 40100005);
  assert.equal(await codeFor({}), 40100004);
  assert.equal(await codeFor({ Authorization: right.Authorization }), 40100001);
  assert.equal(await codeFor({ ...right, Date: "yesterday" }), 40100016);
  assert.equal(await codeFor({ ...right, Authorization: "Digest x" }), 40100003);
  assert.equal(await codeFor({ ...right, Authorization: "UPYUN nobody:x" }), 40100006);
  assert.equal(bucket.counters.refused, 8);
});

test("a Content-MD5 header of the request is part of what is signed", async () => {
  await using bucket = await startBucket({ tree });
  const headers = { ...signed("GET", path), "Content-MD5": "7ac66c0f148de9519b8bd264312c4d64" };
  assert.equal(codeOf(await ask(bucket.restUrl, path, { headers })), 40100005);
});

test("a date more than 30 minutes off the bucket's clock is refused, and the reply has that clock's time", async () => {
  let now = Date.UTC(2026, 0, 1, 12);
  await using bucket = await startBucket({ tree, now: () => now });
  const headers = signed("GET", path, new Date(now));
  for (const [offset, status] of [
    [29 * 60_000, 200],
    [31 * 60_000, 401],
    [-29 * 60_000, 200],
    [-31 * 60_000, 401],
  ] as const) {
    now = Date.UTC(2026, 0, 1, 12) + offset;
    const response = await ask(bucket.restUrl, path, { headers });
    assert.equal(response.status, status, `offset ${offset}`);
    assert.equal(Date.parse(response.headers.date ?? ""), now);
    if (status === 401) assert.equal(codeOf(response), 40100002);
  }
});

test("Basic credentials pass, and a wrong password has a code of its own", async () => {
  await using bucket = await startBucket({ tree });
  const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });
  assert.equal((await ask(bucket.restUrl, path, { headers: basic("operator:password") })).status, 200);
  assert.equal(codeOf(await ask(bucket.restUrl, path, { headers: basic("operator:wrong") })), 40100009);
  bucket.setPassword("wrong");
  assert.equal((await ask(bucket.restUrl, path, { headers: basic("operator:wrong") })).status, 200);
});

test("a token covers one method below its prefix until it expires", async () => {
  let now = 1_500_000_000_000;
  await using bucket = await startBucket({ tree, now: () => now });
  const token = (prefix: string) => ({
    Authorization: `UPYUN operator:${signatureOf("password", ["GET", prefix, "1500000060"])}`,
    "X-Upyun-Expire": "1500000060",
    "X-Upyun-Uri-Prefix": prefix,
  });
  assert.equal((await ask(bucket.restUrl, path, { headers: token("/demo/") })).status, 200);
  assert.equal(codeOf(await ask(bucket.restUrl, path, { headers: token("/demo/b") })), 40100022);
  assert.equal((await ask(bucket.restUrl, path, { method: "HEAD", headers: token("/demo/") })).status, 401);
  now += 61_000;
  assert.equal(codeOf(await ask(bucket.restUrl, path, { headers: token("/demo/") })), 40100024);
});

test("another bucket, and none, are refused; nothing may be written", async () => {
  await using bucket = await startBucket({ tree });
  const other = await ask(bucket.restUrl, "/other/", { headers: signed("GET", "/other/") });
  assert.equal(codeOf(other), 40100012);
  assert.equal(codeOf(await ask(bucket.restUrl, "/")), 40000003);
  assert.equal(codeOf(await askRest(bucket, "new.txt", { method: "DELETE" })), 40100017);
});
