import assert from "node:assert/strict";
import type { RequestListener, ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { token } from "../../../src/upyun/objects/token.ts";
import { caught, failure } from "../../failure.ts";
import { asUpyun, entry, httpDate, refuse, serve, signal, sourceFor } from "../../scenario.ts";

const listed = 1_478_701_618;
const md5 = (letter: string) => letter.repeat(32);

/** A domain and a store of their own; the store has every object as "store". */
async function both(t: TestContext, domain: RequestListener, store?: RequestListener) {
  const cdn = await serve(t, domain);
  const rest = await serve(t, store ?? ((_request, response) => response.end("store")));
  const environment = { UPYUN_ENDPOINT: rest.url, UPYUN_DOMAIN: cdn.url };
  const source = (more: Record<string, string> = {}) => sourceFor(t, { ...environment, ...more });
  return { cdn, rest, source };
}

function file(response: ServerResponse, headers: Record<string, string | number>): void {
  const date = { "x-upyun-file-type": "file", "x-upyun-file-date": listed };
  response.writeHead(200, { ...date, ...headers }).end();
}

async function text(opening: ReturnType<ReturnType<typeof sourceFor>["open"]>): Promise<string> {
  return Buffer.from(await (await opening).bytes()).toString();
}

test("fetches through the domain with its headers and without credentials", async (t) => {
  const { cdn, rest, source } = await both(t, (_request, response) =>
    response.writeHead(200, { etag: `"${md5("a")}"`, "last-modified": httpDate(listed) }).end("bytes"),
  );
  const through = source({
    REFERER: "https://me/",
    USER_AGENT: "Mine/1",
    EXTRA_HEADERS: "X-One: 1\nX-Two: 2",
  });
  const body = await through.open(entry("dir/中 a#b.jpg", 5), undefined, signal());
  assert.deepEqual([body.md5, body.modified, body.variant], [md5("a"), listed, false]);
  assert.equal(Buffer.from(await body.bytes()).toString(), "bytes");
  assert.deepEqual(cdn.asked, ["GET /dir/%E4%B8%AD%20a%23b.jpg"]);
  const {
    authorization,
    date,
    referer,
    accept,
    "user-agent": agent,
    "x-one": one,
    "x-two": two,
    ...sent
  } = cdn.headers[0] ?? {};
  assert.deepEqual([authorization, date], [undefined, undefined]);
  assert.deepEqual([referer, accept, agent, one, two], ["https://me/", "*/*", "Mine/1", "1", "2"]);
  assert.equal(sent["accept-encoding"], "identity");
  assert.deepEqual(rest.asked, []);
});

test("signs the decoded path for a domain with a token rule", async (t) => {
  const { cdn, source } = await both(t, (_request, response) => response.end("bytes"));
  const before = Math.floor(Date.now() / 1000);
  await text(source({ UPYUN_TOKEN_SECRET: "secret" }).open(entry("a b.jpg", 5), undefined, signal()));
  const [, path, upt = ""] = /^GET (.*)\?_upt=(.*)$/.exec(cdn.asked[0] ?? "") ?? [];
  const etime = Number(upt.slice(8));
  assert.equal(path, "/a%20b.jpg");
  assert.ok(etime > before + 60 && etime < before + 7200);
  assert.equal(upt, token("secret", "/a b.jpg", etime));
});

test("fetches keys that the domain would cut or put together from the store", async (t) => {
  const { cdn, rest, source } = await both(t, (_request, response) => response.end("bytes"));
  assert.equal(await text(source().open(entry("a!b.jpg", 5), undefined, signal())), "store");
  assert.equal(
    await text(source({ UPYUN_SEPARATOR: "_" }).open(entry("a_b.jpg", 5), undefined, signal())),
    "store",
  );
  assert.equal(
    await text(source({ UPYUN_SEPARATOR: "_" }).open(entry("a!!b,c", 5), undefined, signal())),
    "store",
  );
  assert.deepEqual(cdn.asked, []);
  assert.deepEqual(rest.asked, ["GET /bucket/a%21b.jpg", "GET /bucket/a_b.jpg", "GET /bucket/a%21%21b%2Cc"]);
  assert.equal(
    await text(source({ UPYUN_SEPARATOR: "_" }).open(entry("a!b.jpg", 5), undefined, signal())),
    "bytes",
  );
});

test("does not lose an object to a 404 from the domain's cache", async (t) => {
  const { source } = await both(
    t,
    (_request, response) => response.writeHead(404).end('{"code":"40400001"}'),
    ({ url }, response) => (url === "/bucket/there" ? response.end("store") : refuse(response, 40400001)),
  );
  assert.equal(await text(source().open(entry("there", 5), undefined, signal())), "store");
  await assert.rejects(source().open(entry("gone", 5), undefined, signal()), failure("missing"));
});

for (const [title, answer] of [
  [
    "compressed",
    (response: ServerResponse) => response.writeHead(200, { "content-encoding": "gzip" }).end("zip"),
  ],
  [
    "a listing",
    (response: ServerResponse) => response.writeHead(200, { "x-upyun-list-iter": "x" }).end("a\tN\t"),
  ],
  [
    "of another size",
    (response: ServerResponse) => response.writeHead(200, { "content-length": 11 }).end("error page!"),
  ],
  ["a part", (response: ServerResponse) => response.writeHead(206).end("bytes")],
] as const) {
  test(`fetches the store's bytes where the domain's are ${title}`, async (t) => {
    const { source } = await both(t, (_request, response) => void answer(response));
    assert.equal(await text(source().open(entry("a", 5), undefined, signal())), "store");
  });
}

test("keeps what is newer than the listing, whatever its size", async (t) => {
  const { rest, source } = await both(t, (_request, response) =>
    response
      .writeHead(200, { "content-length": 11, "last-modified": httpDate(listed + 60) })
      .end("overwritten"),
  );
  const body = await source().open(entry("a", 5, listed), undefined, signal());
  assert.deepEqual([body.modified, body.size], [listed + 60, 11]);
  assert.equal(Buffer.from(await body.bytes()).toString(), "overwritten");
  assert.deepEqual(rest.asked, []);
});

test("fetches the store's bytes in place of a copy that is older than the listing", async (t) => {
  const { source, rest } = await both(
    t,
    (_request, response) =>
      response.writeHead(200, { "last-modified": httpDate(listed - 60), etag: `"${md5("a")}"` }).end("stale"),
    ({ method }, response) => {
      if (method === "HEAD") file(response, { "x-upyun-file-size": 5, "content-md5": md5("b") });
      else response.writeHead(200, { "content-md5": md5("b") }).end("store");
    },
  );
  const through = source();
  for (let i = 0; i < 5; i++) {
    const body = await through.open(entry("a", 5, listed), undefined, signal());
    assert.equal(body.md5, md5("b"));
    assert.equal(Buffer.from(await body.bytes()).toString(), "store");
  }
  assert.equal(rest.asked.length, 10);
});

test("stops asking the store for dates once the domain's dates have differed from it", async (t) => {
  const { source, rest } = await both(
    t,
    (_request, response) =>
      response.writeHead(200, { "last-modified": httpDate(listed - 60), etag: `"${md5("a")}"` }).end("bytes"),
    (_request, response) => file(response, { "x-upyun-file-size": 5, "content-md5": md5("a") }),
  );
  const through = source();
  for (let i = 0; i < 6; i++)
    assert.equal(await text(through.open(entry("a", 5, listed), undefined, signal())), "bytes");
  assert.deepEqual(rest.asked, Array(3).fill("HEAD /bucket/a"));
});

test("without digests, fetches the store's bytes until the domain's dates have proven right", async (t) => {
  const { source } = await both(
    t,
    (_request, response) =>
      response.writeHead(200, { "content-length": 5, "last-modified": httpDate(listed - 60) }).end("bytes"),
    ({ method }, response) =>
      method === "HEAD" ? file(response, { "x-upyun-file-size": 5 }) : response.end("store"),
  );
  const through = source();
  const came: string[] = [];
  for (let i = 0; i < 5; i++) came.push(await text(through.open(entry("a", 5, listed), undefined, signal())));
  assert.deepEqual(came, ["store", "store", "store", "bytes", "bytes"]);
});

test("finds out that an older copy's object is gone", async (t) => {
  const { source } = await both(
    t,
    (_request, response) => response.writeHead(200, { "last-modified": httpDate(listed - 60) }).end("bytes"),
    asUpyun((_request, response) => response.writeHead(404).end()),
  );
  await assert.rejects(source().open(entry("a", 5, listed), undefined, signal()), failure("missing"));
});

test("never follows a redirect to an error's picture, but fetches the store's bytes", async (t) => {
  const elsewhere = await serve(t, (_request, response) => response.end("sorry"));
  for (const location of [
    "/error.png",
    `${elsewhere.url}/404.png`,
    "https://www.example.com/",
    "",
    "javascript:1",
  ]) {
    const { cdn, source } = await both(t, ({ url }, response) => {
      if (url === "/a") response.writeHead(302, { location }).end("moved");
      else response.end("sorry");
    });
    assert.equal(await text(source().open(entry("a", 5), undefined, signal())), "store", location);
    assert.equal(cdn.asked.length, 1);
  }
  assert.deepEqual(elsewhere.asked, []);
});

test("follows the dispatch of a big file to an edge server, with range and without credentials", async (t) => {
  const edge = await serve(t, ({ url = "" }, response) => {
    if (!url.includes("hop=2")) {
      // A second dispatch: the edge's own address is the "original host" now.
      response.writeHead(302, { location: `${edge.url}/${edge.host}${url.replace(/\?.*/, "?hop=2")}` }).end();
    } else response.writeHead(206, { "content-range": "bytes 1-3/5", "content-length": 3 }).end("edg");
  });
  const { cdn, rest, source } = await both(t, ({ url }, response) => {
    response.writeHead(302, { location: `${edge.url}/${cdn.host}${url}?_marco_=1` }).end();
  });
  const body = await source().open(entry("big file.zip", 5), { from: 1, to: 3 }, signal());
  assert.equal(Buffer.from(await body.bytes()).toString(), "edg");
  assert.equal(edge.asked[0], `GET /${cdn.host}/big%20file.zip?_marco_=1`);
  assert.equal(edge.headers[1]?.range, "bytes=1-3");
  assert.equal(edge.headers[1]?.authorization, undefined);
  assert.deepEqual(rest.asked, []);
});

test("follows three redirects at most", async (t) => {
  const { cdn, source } = await both(t, ({ url }, response) => {
    response.writeHead(302, { location: `${cdn.url}/${cdn.host}${url}` }).end();
  });
  assert.equal(await text(source().open(entry("a", 5), undefined, signal())), "store");
  assert.equal(cdn.asked.length, 4);
});

for (const [status, code, kind, words] of [
  [403, "40310014", "misconfigured", /REFERER/],
  [403, "40310011", "misconfigured", /USER_AGENT/],
  [403, "40310012", "misconfigured", /address/],
  [403, "40310013", "misconfigured", /UPYUN_TOKEN_SECRET/],
  [405, "40510001", "misconfigured", /switched off/],
  [403, "40310003", "throttled", /per address/],
  [403, "40310015", "forbidden", /403/],
  [403, "", "forbidden", /403/],
  [429, "", "throttled", /429/],
  [509, "", "throttled", /509/],
  [502, "", "unavailable", /502/],
] as const) {
  test(`calls the domain's ${status} ${code} ${kind}`, async (t) => {
    const { rest, source } = await both(t, (_request, response) =>
      response.writeHead(status).end(JSON.stringify({ code, msg: "refused" })),
    );
    const error = await caught(source().open(entry("a", 5), undefined, signal()));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, words);
    assert.deepEqual(rest.asked, []);
  });
}

test("keeps the token out of errors", async (t) => {
  const { source } = await both(t, ({ url }, response) => response.writeHead(403).end(`no ${url}`));
  const error = await caught(source({ UPYUN_TOKEN_SECRET: "s" }).open(entry("a", 5), undefined, signal()));
  assert.doesNotMatch(error.message, /_upt/);
});
