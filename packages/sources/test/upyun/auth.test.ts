import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { test } from "node:test";
import { classify } from "@brigade/core";
import { readConfig } from "../../src/upyun/config.ts";
import { UpyunSource } from "../../src/upyun/source.ts";
import { caught, failure } from "../failure.ts";
import { entry, refuse, serve, signal, sourceFor } from "../scenario.ts";

/** The signature by hand, over what came on the wire. */
function isSigned({ method, url, headers }: IncomingMessage): boolean {
  const key = createHash("md5").update("password123").digest("hex");
  const message = `${method}&${url}&${headers.date}`;
  return (
    headers.authorization === `UPYUN operator123:${createHmac("sha1", key).update(message).digest("base64")}`
  );
}

test("signs the path as it goes over the wire, whatever the key", async (t) => {
  const { url, asked } = await serve(t, (request, response) => {
    if (isSigned(request)) response.end("x");
    else refuse(response, 40100005);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const keys = [
    "a b",
    "a#b",
    "a?b",
    "100%",
    "%23",
    "a+b",
    "it's",
    "back\\slash",
    "`",
    "中文/é",
    "!*()",
    "a&b=c;d,e@f:$",
  ];
  for (const key of keys) await (await source.open(entry(key, 1), undefined, signal())).bytes();
  assert.deepEqual(
    asked.map((line) => decodeURIComponent(line.slice("GET /bucket/".length))),
    keys,
  );
});

test("sends a range, identity and folder header with an object, and nothing of the domain's", async (t) => {
  const { url, headers } = await serve(t, (_request, response) => response.end("x"));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, REFERER: "https://me/", EXTRA_HEADERS: "X-Mine: 1" });
  (await source.open(entry("a", 1), undefined, signal())).cancel();
  const sent = headers[0] ?? {};
  assert.equal(sent["x-upyun-folder"], "false");
  assert.equal(sent["accept-encoding"], "identity");
  assert.equal(sent.accept, "*/*");
  assert.equal(sent.range, undefined);
  assert.equal(sent.referer, undefined);
  assert.equal(sent["x-mine"], undefined);
});

test("authenticates by Basic if configured so", async (t) => {
  const { url, headers } = await serve(t, (_request, response) => response.end("x"));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url, UPYUN_AUTH: "basic" });
  await (await source.open(entry("a", 1), undefined, signal())).bytes();
  assert.equal(
    headers[0]?.authorization,
    `Basic ${Buffer.from("operator123:password123").toString("base64")}`,
  );
});

test("uses the store's time when its own clock is refused, once, and keeps it", async (t) => {
  const storeTime = Date.parse("2016-11-09T14:26:58Z");
  const { url, asked } = await serve(t, (request, response) => {
    response.setHeader("date", new Date(storeTime).toUTCString());
    if (Math.abs(Date.parse(request.headers.date ?? "") - storeTime) > 1_800_000) {
      if (request.method === "HEAD") response.writeHead(401).end();
      else refuse(response, 40100002, "date offset error");
    } else if (request.method === "HEAD") {
      response
        .writeHead(200, { "x-upyun-file-type": "file", "x-upyun-file-size": 1, "x-upyun-file-date": 2 })
        .end();
    } else response.end("x");
  });
  for (const first of ["stat", "open"] as const) {
    const before = asked.length;
    const source = sourceFor(t, { UPYUN_ENDPOINT: url });
    // Several at once: each has the one more try, though only one of them sets the clock.
    const one = () =>
      first === "stat" ? source.stat("a", signal()) : source.open(entry("a", 1), undefined, signal());
    await Promise.all([one(), one(), one()]);
    assert.equal(asked.length - before, 6);
    await one();
    assert.equal(asked.length - before, 7);
  }
});

test("signs by the store's time, also when its own clock is set by hours in mid-run, ahead and back", async (t) => {
  const storeTime = Date.parse("2016-11-09T14:26:58Z");
  const { url, asked } = await serve(t, (request, response) => {
    response.setHeader("date", new Date(storeTime).toUTCString());
    if (Math.abs(Date.parse(request.headers.date ?? "") - storeTime) > 1_800_000)
      refuse(response, 40100002, "date offset error");
    else response.end("x");
  });
  const environment = { UPYUN_OPERATOR: "o", UPYUN_PASSWORD: "p", UPYUN_ENDPOINT: url };
  let now = storeTime;
  const source = new UpyunSource(readConfig(environment, "bucket", "photos"), { now: () => now });
  t.after(() => source[Symbol.asyncDispose]());
  for (const hours of [0, 8, -8, 0]) {
    now = storeTime + hours * 3_600_000;
    const body = await source.open(entry("a", 1), undefined, signal());
    assert.equal(Buffer.from(await body.bytes()).toString(), "x");
  }
  // One for each, and one more for each step.
  assert.equal(asked.length, 7);
});

test("corrects the clock once, and then fails", async (t) => {
  const { url, asked } = await serve(t, (_request, response) =>
    refuse(response, 40100002, "date offset error", { date: "Wed, 09 Nov 2016 14:26:58 GMT" }),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("", undefined, signal()), failure("unauthorized", /clock/));
  assert.equal(asked.length, 2);
});

test("keeps its clock after a refusal for another reason", async (t) => {
  const { url, asked } = await serve(t, (_request, response) =>
    refuse(response, 40100005, "signature error", { date: "Wed, 09 Nov 2016 14:26:58 GMT" }),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(source.listPage("", undefined, signal()), failure("unauthorized"));
  assert.equal(asked.length, 1);
});

test("dates requests by its clock", async (t) => {
  const { url, headers } = await serve(t, (_request, response) => response.end("x"));
  const environment = { UPYUN_OPERATOR: "o", UPYUN_PASSWORD: "p", UPYUN_ENDPOINT: url };
  const clock = { now: () => 1478701618_999 };
  const source = new UpyunSource(readConfig(environment, "bucket", "photos"), clock);
  t.after(() => source[Symbol.asyncDispose]());
  await (await source.open(entry("a", 1), undefined, signal())).bytes();
  assert.equal(headers[0]?.date, "Wed, 09 Nov 2016 14:26:58 GMT");
});

for (const [code, kind, words] of [
  [40100005, "unauthorized", /mistyped.*proxy/],
  [40100009, "unauthorized", /mistyped/],
  [40100006, "unauthorized", /UPYUN_OPERATOR/],
  [40100017, "unauthorized", /no right to read/],
  [40100021, "unauthorized", /bill/],
  [40100008, "unauthorized", /blocked/],
  [40100012, "misconfigured", /no such bucket/],
  [40100003, "misconfigured", /UPYUN_AUTH/],
  [40000003, "misconfigured", /bucket/],
  [40000030, "forbidden", /40000030/],
  [40300001, "forbidden", /40300001/],
  [40300015, "missing", /directory/],
  [40400001, "missing", /40400001/],
  [40800001, "unavailable", /408/],
  [42900001, "throttled", /429/],
  [42900002, "throttled", /429/],
  [42900004, "banned", /ban/],
  [49900001, "unavailable", /499/],
  [50000000, "unavailable", /500/],
  [50300028, "unavailable", /503/],
] as const) {
  test(`calls ${code} ${kind}`, async (t) => {
    const { url, asked } = await serve(t, (_request, response) => refuse(response, code, "words"));
    const source = sourceFor(t, { UPYUN_ENDPOINT: url });
    const error = await caught(source.open(entry("a.jpg", 1), undefined, signal()));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, words);
    assert.match(error.message, /a\.jpg.*request-1/);
    assert.doesNotMatch(error.message, /\n/);
    assert.equal(error.status, Math.floor(code / 100_000));
    if (kind === "throttled") assert.equal(error.scope, code === 42900002 ? "object" : "source");
    assert.equal(asked.length, 1);
    assert.notEqual(classify(error).fault, "bug");
  });
}

test("decides by the status where the body is not the store's", async (t) => {
  const { url } = await serve(t, ({ url: path }, response) => {
    const body = path === "/bucket/big" ? "x".repeat(1_000_000) : "<html>\u0007gateway</html>";
    response.writeHead(502, { "retry-after": "7" }).end(body);
  });
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  for (const key of ["html", "big"]) {
    const error = await caught(source.open(entry(key, 1), undefined, signal()));
    assert.deepEqual([error.kind, error.status, error.retryAfterMs], ["unavailable", 502, 7000]);
  }
});

test("understands Retry-After as a date", async (t) => {
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(429, { "retry-after": new Date(Date.now() + 60_000).toUTCString() }).end(),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const error = await caught(source.stat("a", signal()));
  assert.equal(error.kind, "throttled");
  const wait = error.retryAfterMs ?? 0;
  assert.ok(wait > 30_000 && wait <= 60_000, String(wait));
});

test("does not follow a redirect of the API, nor show it the credentials", async (t) => {
  const elsewhere = await serve(t, (_request, response) => response.end("stolen"));
  const { url } = await serve(t, (_request, response) =>
    response.writeHead(302, { location: `${elsewhere.url}/bucket/a` }).end(),
  );
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  await assert.rejects(
    source.open(entry("a", 6), undefined, signal()),
    failure("misconfigured", /UPYUN_ENDPOINT.*302/),
  );
  assert.deepEqual(elsewhere.asked, []);
});

test("keeps the password out of errors", async (t) => {
  const { url } = await serve(t, (_request, response) => refuse(response, 40100009));
  const source = sourceFor(t, { UPYUN_ENDPOINT: url });
  const error = await caught(source.stat("a", signal()));
  assert.doesNotMatch(JSON.stringify([error.message, error.stack, error.cause]), /password123/);
});
