import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { parseSource } from "../../src/index.ts";
import { caught } from "../failure.ts";
import { serve, signal } from "../scenario.ts";

const page = (links: string) => `<title>Index of /</title>${links}`;

async function siteOf(t: TestContext, answer: RequestListener) {
  const scenario = await serve(t, answer);
  const source = parseSource(`${scenario.url}/`, {}).create({}, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return { source, ...scenario };
}

test("where HEAD is not allowed the first byte is asked for", async (t) => {
  const { source } = await siteOf(t, (request, response) => {
    if (request.method === "HEAD") return void response.writeHead(405).end();
    response.writeHead(206, { "content-range": "bytes 0-0/77", "content-length": 1 }).end("x");
  });
  assert.equal((await source.stat("a", signal()))?.size, 77);
});

const date = "Mon, 01 Jan 2024 00:00:00 GMT";
const dated = 1_704_067_200;

/**
 * A site of `count` files of 77 bytes, of which an index page tells names only; HEAD is answered by
 * `head`.
 */
function namesOnly(count: number, head: RequestListener): RequestListener {
  const links = Array.from({ length: count }, (_, n) => `<a href="f${n}.bin">x</a>`).join("");
  return (request, response) => {
    if (request.url === "/") response.writeHead(200, { "content-type": "text/html" }).end(page(links));
    else if (request.method === "HEAD") head(request, response);
    else if (request.headers.range === undefined) response.end("x".repeat(77));
    else
      response
        .writeHead(206, { "content-range": "bytes 0-0/77", "content-length": 1, "last-modified": date })
        .end("x");
  };
}

for (const [what, head] of Object.entries<RequestListener>({
  "status 500": (_request, response) => response.writeHead(500).end(),
  "status 404": (_request, response) => response.writeHead(404).end(),
  "status 403": (_request, response) => response.writeHead(403).end(),
  "status 401": (_request, response) => response.writeHead(401).end(),
  "status 429": (_request, response) => response.writeHead(429).end(),
  "a closed connection": (request) => request.socket.destroy(),
  "a length of 0": (_request, response) => response.writeHead(200, { "content-length": 0 }).end(),
  "a redirect to a page": (request, response) => {
    if (request.url === "/login") response.writeHead(200, { "content-type": "text/html" }).end();
    else response.writeHead(302, { location: "/login" }).end();
  },
}))
  test(`where HEAD is answered with ${what}, sizes and dates are learnt from the first byte`, async (t) => {
    const { source, asked } = await siteOf(t, namesOnly(40, head));
    const { files } = await source.listPage("", undefined, signal());
    assert.equal(files.length, 40);
    for (const { size, modified } of files) assert.deepEqual([size, modified], [77, dated]);
    const heads = asked.filter((one) => one.startsWith("HEAD") && !one.endsWith("/login")).length;
    assert.ok(what === "a length of 0" || heads < 40, "HEAD is left alone soon");
  });

test("one HEAD that is not answered keeps a page waiting for ten seconds, and no more", async (t) => {
  const { source } = await siteOf(
    t,
    namesOnly(3, (request, response) => {
      if (request.url !== "/f1.bin")
        response.writeHead(200, { "content-length": 5, "last-modified": date }).end();
    }),
  );
  const began = performance.now();
  const { files } = await source.listPage("", undefined, signal());
  const seconds = (performance.now() - began) / 1000;
  assert.deepEqual(
    files.map(({ size }) => size),
    [5, 77, 5],
  );
  assert.ok(seconds > 9 && seconds < 20, `${seconds} s`);
});

test("files of which nothing can be learnt are listed by their names; where the page comes no more either, it fails", async (t) => {
  const isBad = new Set(["/f1.bin"]);
  let pages = Number.POSITIVE_INFINITY;
  const { source } = await siteOf(t, (request, response) => {
    const isRefused = request.url === "/" ? pages-- <= 0 : isBad.has(request.url ?? "") || isBad.has("*");
    if (isRefused) response.writeHead(503).end();
    else
      namesOnly(9, (_request, head) => head.writeHead(200, { "content-length": 5 }).end())(request, response);
  });
  const sizes = async () => (await source.listPage("", undefined, signal())).files.map(({ size }) => size);
  assert.deepEqual(await sizes(), [5, undefined, 5, 5, 5, 5, 5, 5, 5]);
  for (const n of [3, 5, 7]) isBad.add(`/f${n}.bin`);
  assert.deepEqual(await sizes(), [5, undefined, 5, undefined, 5, undefined, 5, undefined, 5]);
  isBad.add("*");
  assert.deepEqual(await sizes(), Array(9).fill(undefined));
  pages = 1;
  assert.equal((await caught(source.listPage("", undefined, signal()))).kind, "unavailable");
});

test("an answer to GET counts more than one to HEAD; but a file that HEAD finds is not gone", async (t) => {
  const { source } = await siteOf(t, (request, response) => {
    if (request.url === "/gone") response.writeHead(404).end();
    else if (request.url === "/refused") response.writeHead(request.method === "HEAD" ? 405 : 404).end();
    else if (request.url === "/known" && request.method === "GET") response.writeHead(404).end();
    else if (request.method === "HEAD") response.writeHead(200, { "content-length": 5 }).end();
    else response.writeHead(206, { "content-range": "bytes 0-0/77", "content-length": 1 }).end("x");
  });
  assert.equal((await source.stat("a", signal()))?.size, 77);
  assert.equal(await source.stat("gone", signal()), undefined);
  assert.equal(await source.stat("refused", signal()), undefined);
  assert.equal((await source.stat("known", signal()))?.size, 5);
});
