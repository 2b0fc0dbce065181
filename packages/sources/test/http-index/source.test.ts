import assert from "node:assert/strict";
import type { IncomingMessage, RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { ConfigError, type Environment } from "@brigade/core";
import { parseSource } from "../../src/index.ts";
import { caught } from "../failure.ts";
import { serve, signal } from "../scenario.ts";

const page = (links: string) => `<title>Index of /</title>${links}`;

async function siteOf(t: TestContext, answer: RequestListener, environment: Environment = {}) {
  const scenario = await serve(t, answer);
  const source = parseSource(`${scenario.url}/pub/`, {}).create(environment, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return { source, ...scenario };
}

function problemsOf(url: string, environment: Environment = {}): readonly string[] {
  try {
    parseSource(url, {}).create(environment, "site");
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

test("a URL gives a name after its host, and a prefix that is decoded", () => {
  const { name, prefix } = parseSource("https://Files.Example.com:8443/a%20b/%E4%B8%AD/", {});
  assert.deepEqual([name, prefix], ["files-example-com-8443", "a b/中"]);
  assert.equal(parseSource("http://a.example", {}).prefix, "");
});

test("URLs that cannot be walked are refused with the remedy, and no password is shown", () => {
  const bad: [string, RegExp][] = [
    ["https://me:secret@a.example/", /SITE_USER and SITE_PASSWORD/],
    ["https://a.example/?C=M", /no \?/],
    ["https://a.example/#x", /no #/],
    ["https://a.example/%FF/", /not UTF-8/],
    ["https://a.example/a//b/", /cannot be requested/],
  ];
  for (const [url, why] of bad)
    assert.throws(
      () => parseSource(url, {}),
      (error) => error instanceof ConfigError && why.test(error.message) && !error.message.includes("secret"),
      url,
    );
});

test("http and https of a host are the same source, another host or port is another", async () => {
  const of = (url: string) => parseSource(url, {}).create({}, "site").fingerprint;
  assert.equal(of("http://a.example/x/"), of("https://a.example/y/"));
  assert.notEqual(of("http://a.example/"), of("http://b.example/"));
  assert.notEqual(of("http://a.example/"), of("http://a.example:8080/"));
});

test("user, password, Referer and headers are sent; a source's own variables win", async (t) => {
  const seen: IncomingMessage["headers"][] = [];
  const { source } = await siteOf(
    t,
    ({ headers }, response) => {
      seen.push(headers);
      response.setHeader("content-type", "text/html");
      response.end(page(""));
    },
    { SITE_USER: "me", SITE_PASSWORD: "pä:ss", REFERER: "http://all/", SITE_REFERER: "http://own/" },
  );
  await source.listPage("", undefined, signal());
  assert.equal(seen[0]?.authorization, `Basic ${Buffer.from("me:pä:ss").toString("base64")}`);
  assert.equal(seen[0]?.referer, "http://own/");
  assert.deepEqual(problemsOf("http://a.example/", { SITE_PASSWORD: "x" }), [
    "SITE_USER: is needed with SITE_PASSWORD",
  ]);
});

test("a redirect within the host is followed, one to another host, which would get our password, is refused", async (t) => {
  const other = await serve(t, (_request, response) => response.end("x"));
  const elsewhere = other.url.replace("127.0.0.1", "localhost");
  const { source } = await siteOf(t, (request, response) => {
    if (request.url === "/here") response.end("x");
    else response.writeHead(302, { location: request.url === "/near" ? "/here" : elsewhere }).end();
  });
  const near = await source.open({ key: "near", size: 1, modified: 0 }, undefined, signal());
  assert.equal((await near.bytes()).byteLength, 1);
  const far = await caught(source.open({ key: "far", size: 1, modified: 0 }, undefined, signal()));
  assert.equal(far.kind, "forbidden");
  assert.match(far.message, /another site/);
  assert.deepEqual(other.asked, []);
});

test("where an index changes between two of its pages, the walk begins anew", async (t) => {
  let files = 5;
  const { source, asked } = await siteOf(
    t,
    (_request, response) => {
      const names = Array.from({ length: files }, (_, n) => `<a href="f${n}/">f${n}/</a>`);
      response.setHeader("content-type", "text/html");
      response.end(page(names.join("")));
    },
    { LIST_PAGE_SIZE: "2" },
  );
  const first = await source.listPage("", undefined, signal());
  const second = await source.listPage("", first.next, signal());
  assert.equal(asked.length, 1, "pages of one document are cut from it");
  files = 6;
  await source.listPage("", undefined, signal());
  const lost = await caught(source.listPage("", second.next, signal()));
  assert.equal(lost.kind, "bad-cursor");
});

test("an index page that is cut off is an error, not a short directory", async (t) => {
  const { source } = await siteOf(t, (_request, response) => {
    response.writeHead(200, { "content-type": "text/html", "content-length": 1000 });
    response.write(page('<a href="a/">a</a>'), () => response.socket?.end());
  });
  assert.equal((await caught(source.listPage("", undefined, signal()))).kind, "bad-listing");
});

test("a directory that needs other credentials fails with that reason, and the page that names it is listed all the same", async (t) => {
  const { source } = await siteOf(t, (request, response) => {
    if (request.url === "/secret/" || request.url === "/private.txt") response.writeHead(401).end();
    else response.writeHead(200, { "content-type": "text/html" }).end(page('<a href="private.txt">x</a>'));
  });
  const { files } = await source.listPage("", undefined, signal());
  assert.deepEqual(files, [{ name: "private.txt" }]);
  assert.equal((await caught(source.listPage("secret", undefined, signal()))).kind, "unauthorized");
  const file = { key: "private.txt", size: 1, modified: 0 };
  assert.equal((await caught(source.open(file, undefined, signal()))).kind, "unauthorized");
});

test("a page to log in, or a directory's index, is not stored as the file", async (t) => {
  const { source } = await siteOf(t, (request, response) => {
    const to = new Map([
      ["/a.jpg", "/login"],
      ["/sub", "/sub/"],
    ]).get(request.url ?? "");
    if (to !== undefined) response.writeHead(302, { location: to }).end();
    else response.writeHead(200, { "content-type": "text/html" }).end("<h1>log in</h1>");
  });
  for (const key of ["a.jpg", "sub"]) {
    const opened = await caught(source.open({ key, size: 15, modified: 0 }, undefined, signal()));
    assert.equal(opened.kind, "forbidden", key);
  }
  assert.deepEqual(await source.stat("a.jpg", signal()), { key: "a.jpg" }, "a page tells nothing of it");
  assert.equal(await source.stat("sub", signal()), undefined);
});

test("a page behind a redirect waits for no body's place", async (t) => {
  const { source } = await siteOf(
    t,
    ({ url }, response) => {
      if (url === "/pub/a") response.writeHead(200, { "content-length": "10" }).write("begun");
      else if (url === "/pub/") response.writeHead(302, { location: "/pub/list/" }).end();
      else response.setHeader("content-type", "text/html").end(page('<a href="/pub/b/">b</a>'));
    },
    { FETCH_CONCURRENCY: "1" },
  );
  const held = await source.open({ key: "pub/a" }, undefined, signal());
  t.after(() => held.cancel());
  const { directories } = await source.listPage("pub", undefined, AbortSignal.timeout(5_000));
  assert.deepEqual(directories, ["b"]);
});
