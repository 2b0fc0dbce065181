import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { parseSource } from "../../src/index.ts";
import { caught } from "../failure.ts";
import { httpDate, serve, signal } from "../scenario.ts";

const modified = Date.UTC(2024, 0, 1, 12) / 1000;

/** An index page as nginx writes it, of files of five bytes. */
function pageOf(names: readonly string[]): string {
  const rows = names.map((name) => `<a href="${name}">${name}</a>   01-Jan-2024 12:00   5\n`);
  return `<title>Index of /</title><pre>${rows.join("")}</pre>`;
}

const wellBehaved: RequestListener = ({ method, headers }, response) => {
  const isRange = headers.range !== undefined;
  response.writeHead(isRange ? 206 : 200, {
    "content-length": isRange ? 1 : 5,
    "last-modified": httpDate(modified),
    ...(isRange && { "content-range": "bytes 0-0/5" }),
  });
  response.end(method === "HEAD" ? "" : isRange ? "h" : "hello");
};

async function siteOf(t: TestContext, names: readonly string[], answer: RequestListener) {
  const scenario = await serve(t, (request, response) => {
    if (request.url !== "/") return answer(request, response);
    response.writeHead(200, { "content-type": "text/html" }).end(pageOf(names));
  });
  const source = parseSource(`${scenario.url}/`, {}).create({}, "site");
  t.after(() => source[Symbol.asyncDispose]());
  const list = async () => (await source.listPage("", undefined, signal())).files;
  return { source, list, ...scenario };
}

const names = ["a.bin", "b.bin", "c.bin", "d.bin", "e.bin", "f.bin"];
const exact = names.map((name) => ({ name, size: 5, modified }));

test("one file that disagrees with its index page makes no exact size distrusted", async (t) => {
  const { list, asked } = await siteOf(t, names, (request, response) => {
    if (request.url !== "/a.bin") return wellBehaved(request, response);
    response.writeHead(200, { "content-type": "text/html", "content-length": 77 }).end("x".repeat(77));
  });
  assert.deepEqual(await list(), exact);
  assert.deepEqual(await list(), exact);
  const others = asked.filter((one) => /[b-f]\.bin/.test(one));
  assert.equal(others.length, 1, "the next file settles it");
});

test("where every file disagrees with its index page the page's sizes are reported, without dates", async (t) => {
  const { list } = await siteOf(t, names, (_request, response) => {
    response.writeHead(200, { "content-length": 7, "last-modified": httpDate(modified) }).end("welcome");
  });
  assert.deepEqual(
    await list(),
    names.map((name) => ({ name, size: 5 })),
  );
});

test("where index pages have local times, dates come from the files, and sizes from the page", async (t) => {
  const { list } = await siteOf(t, names, (request, response) => {
    response.setHeader("last-modified", httpDate(modified - 3600));
    if (request.url === "/b.bin") return void response.writeHead(200, { "content-length": 9 }).end();
    response.writeHead(200, { "content-length": 5 }).end();
  });
  assert.deepEqual(
    await list(),
    names.map((name) => ({ name, size: 5, ...(name !== "b.bin" && { modified: modified - 3600 }) })),
  );
});

test("an older body than was listed is doubted, one of the listed minute is not", async (t) => {
  const { source } = await siteOf(t, names, wellBehaved);
  const doubtOf = async (listed: number) => {
    const body = await source.open({ key: "a.bin", size: 5, modified: listed }, undefined, signal());
    body.cancel();
    return body.doubt !== undefined;
  };
  assert.deepEqual(await Promise.all([modified + 60, modified, modified - 60].map(doubtOf)), [
    true,
    false,
    false,
  ]);
});

test("what is asked for fresh is asked past caches", async (t) => {
  const { source, headers } = await siteOf(t, names, wellBehaved);
  for (const fresh of [undefined, true] as const)
    (await source.open({ key: "a.bin", fresh }, undefined, signal())).cancel();
  await source.stat("a.bin", signal());
  assert.deepEqual(
    headers.map((one) => [one["cache-control"], one.pragma]),
    [
      [undefined, undefined],
      ["no-cache", "no-cache"],
      ["no-cache", "no-cache"],
    ],
  );
});

test("a 404 to a request for a range does not make a file vanish: a GET of the whole decides", async (t) => {
  for (const status of [404, 403, 400]) {
    const { source, asked } = await siteOf(t, names, (request, response) => {
      if (request.headers.range !== undefined || request.url === "/gone")
        response.writeHead(request.url === "/gone" ? 404 : status).end();
      else wellBehaved(request, response);
    });
    assert.deepEqual(await source.stat("a.bin", signal()), { key: "a.bin", size: 5, modified });
    assert.equal(await source.stat("gone", signal()), undefined);
    assert.deepEqual(asked.slice(-3), ["GET /gone", "GET /gone", "HEAD /gone"]);
  }
});

test("a file whose server answers 503 is neither there nor gone: the error is passed on", async (t) => {
  const { source } = await siteOf(t, names, (request, response) => {
    response.writeHead(request.headers.range === undefined ? 503 : 404).end();
  });
  assert.equal((await caught(source.stat("a.bin", signal()))).kind, "unavailable");
});
