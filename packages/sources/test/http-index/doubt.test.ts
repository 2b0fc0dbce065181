import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { parseSource } from "../../src/index.ts";
import { caught } from "../failure.ts";
import { serveRaw } from "../raw-server.ts";
import { serve, signal } from "../scenario.ts";

const link = (href: string, text = href) => `<a href="${href}">${text}</a>\n`;
const page = (...links: string[]) => `<html><title>Index of /</title>${links.join("")}</html>`;

/** Index pages and files by their decoded paths; the others are not there. */
function siteWith(pages: Record<string, string>, files: readonly string[] = []): RequestListener {
  return ({ url = "" }, response) => {
    const path = decodeURIComponent(url);
    if (pages[path] !== undefined) response.writeHead(200, { "content-type": "text/html" }).end(pages[path]);
    else if (pages[`${path}/`] !== undefined)
      response.writeHead(301, { location: `http://internal.test:8080${url}/` }).end();
    else if (files.includes(path)) response.writeHead(200, { "content-length": 3 }).end("abc");
    else response.writeHead(404).end();
  };
}

async function siteOf(t: TestContext, answer: RequestListener) {
  const scenario = await serve(t, answer);
  const source = parseSource(`${scenario.url}/`, {}).create({}, "site");
  t.after(() => source[Symbol.asyncDispose]());
  return { source, ...scenario };
}

test("a file or directory that the page seems to name, and that the server does not have, has failed", async (t) => {
  const links = ["a#b", "c?d", "gone#1", "sub?/", "gone?/"].map((name) => link(name));
  const { source } = await siteOf(t, siteWith({ "/": page(...links), "/sub?/": page() }, ["/a#b", "/c?d"]));
  const { files, directories } = await source.listPage("", undefined, signal());
  assert.deepEqual(
    files.map(({ name, size, problem }) => [name, size, problem !== undefined]),
    [
      ["a#b", 3, false],
      ["c?d", 3, false],
      ["gone#1", undefined, true],
      ["gone?", undefined, true],
    ],
  );
  assert.deepEqual(directories, ["sub?"]);
});

test("a name that looks like another's, escaped, is fetched under its own or has failed: never as the other one", async (t) => {
  const site = siteWith({ "/": page(link("%41"), link("%42"), link("A"), link("B")) }, ["/A", "/B", "/%41"]);
  const { source } = await siteOf(t, site);
  const { files } = await source.listPage("", undefined, signal());
  assert.deepEqual(
    files.map(({ name, problem }) => [name, problem !== undefined]),
    [
      ["%41", false],
      ["%42", true],
      ["A", false],
      ["B", false],
    ],
  );
});

test("a link that is most likely no entry is one if the server has it, and is left out if not", async (t) => {
  const links = ["a", "mailto:me@x", "mailto:you@x", "?C=N;O=D"].map((name) => link(name));
  const { source } = await siteOf(t, siteWith({ "/": page(...links) }, ["/a", "/mailto:you@x"]));
  const { files } = await source.listPage("", undefined, signal());
  assert.deepEqual(
    files.map(({ name }) => name),
    ["a", "mailto:you@x"],
  );
});

test("links to another address of the site are asked of the one that was given", async (t) => {
  const links = link("https://internal.test/a", "a") + link("http://127.0.0.1:1/sub/", "sub/");
  const { source } = await siteOf(t, siteWith({ "/": page(links), "/sub/": page() }, ["/a"]));
  const { files, directories } = await source.listPage("", undefined, signal());
  assert.deepEqual([files, directories], [[{ name: "a", size: 3, unproven: true }], ["sub"]]);
});

test("a directory whose link has no slash is one, wherever the server's redirect to the slash leads", async (t) => {
  for (const method of ["HEAD", "GET"]) {
    const site = siteWith({ "/": page(link("a"), link("sub")), "/sub/": page() }, ["/a"]);
    const { source } = await siteOf(t, (request, response) => {
      if (request.method === "HEAD" && method === "GET") response.writeHead(405).end();
      else site(request, response);
    });
    const { files, directories } = await source.listPage("", undefined, signal());
    assert.deepEqual([files.map(({ name }) => name), directories], [["a"], ["sub"]], `told by ${method}`);
  }
});

test("a redirect to the slash is one, whether the server escapes names in it or not", async (t) => {
  for (const [name, location] of [
    ["é", "/%c3%a9/"],
    ["é", Buffer.from("/é/").toString("latin1")],
    ["a b", "/a b/"],
    ["%", "/%/"],
    ["%41", "/%41/"],
    ["?x", "http://internal/?x/"],
    ["#", "/#/"],
    ["album.jpg", "/album.jpg/"],
  ] as const) {
    const { source } = await siteOf(t, ({ url }, response) => {
      const asked = `/${encodeURIComponent(name)}`;
      if (url === asked) response.writeHead(301, { location }).end();
      else if (url === `${asked}/`) response.writeHead(200, { "content-type": "text/html" }).end(page());
      else if (url === "/") response.end(page(link(encodeURIComponent(name), name)));
      else response.writeHead(404).end();
    });
    assert.deepEqual((await source.listPage("", undefined, signal())).directories, [name], location);
  }
});

test("a page that comes compressed is decompressed; one that is compressed badly, or in an unknown way, is none", async (t) => {
  const packed = gzipSync(page(link("a/")));
  for (const [encoding, bytes, names] of [
    ["gzip", packed, ["a"]],
    ["X-GZIP", packed, ["a"]],
    ["gzip", packed.subarray(0, -12), "bad-listing"],
    ["gzip", gzipSync(Buffer.alloc(80_000_000)), "forbidden"],
    ["compress", packed, "forbidden"],
  ] as const) {
    const { source } = await siteOf(t, (_request, response) =>
      response.writeHead(200, { "content-type": "text/html", "content-encoding": encoding }).end(bytes),
    );
    const listing = source.listPage("", undefined, signal());
    if (typeof names === "string") assert.equal((await caught(listing)).kind, names);
    else assert.deepEqual((await listing).directories, names);
  }
});

test("a directory for which the server shows one above it is not listed", async (t) => {
  const { source } = await siteOf(t, ({ url }, response) => {
    if (url === "/") response.writeHead(200, { "content-type": "text/html" }).end(page(link("gone/")));
    else response.writeHead(302, { location: "/" }).end();
  });
  assert.match((await caught(source.listPage("gone", undefined, signal()))).message, /above it/);
});

test("a tree that holds itself ends at the second round, and the loop is named; a look above is asked for once", async (t) => {
  const root = page(link("loop/"), link("d/"), link("loop2/"));
  const inner = page(link("e/"));
  const { source, asked } = await siteOf(t, ({ url = "" }, response) => {
    const isInner = /\/(d|e)\/$/.test(url);
    response.writeHead(200, { "content-type": "text/html" }).end(isInner ? inner : root);
  });
  await source.listPage("", undefined, signal());
  await source.listPage("loop", undefined, signal());
  const loop = await caught(source.listPage("loop/loop2", undefined, signal()));
  assert.equal(loop.kind, "forbidden");
  assert.match(loop.message, /the same as "loop\/" and "\/".*--exclude "loop2"/);
  // Another process, that has not seen what lies above.
  const { source: other } = await siteOf(t, ({ url = "" }, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end(/\/d\/$/.test(url) ? inner : root);
  });
  assert.match(
    (await caught(other.listPage("a/loop/loop", undefined, signal()))).message,
    /--exclude "loop"/,
  );
  assert.equal(asked.filter((one) => one.startsWith("GET")).length, 3);
});

test("directories of one name in each other, or with the same in them, are no loop", async (t) => {
  const { source } = await siteOf(
    t,
    siteWith({
      "/": page(link("a/")),
      "/a/": page(link("a/")),
      "/a/a/": page(link("b/")),
      "/a/a/b/": page(link("x.txt")),
      "/a/b/": page(link("x.txt")),
    }),
  );
  for (const directory of ["", "a", "a/a", "a/a/b"]) await source.listPage(directory, undefined, signal());
});

for (const [what, head, words] of [
  ["a line without a colon", "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 2\r\n\r\n", /malformed HTTP/],
  [
    "two lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
    /malformed HTTP.*two lengths/,
  ],
  [
    "a length and other chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhi!\r\n0\r\n\r\n",
    /malformed HTTP.*do not fit together/,
  ],
  ["a version that there is not", "HTTP/2 200\r\nContent-Length: 2\r\n\r\n", /malformed HTTP/],
  ["far too many headers", `HTTP/1.1 200 OK\r\nX: ${"x".repeat(300_000)}\r\n\r\n`, /malformed HTTP/],
] as const)
  test(`an index page that comes with ${what} is no listing and no outage, and the error has what is malformed`, async (t) => {
    const { url } = await serveRaw(t, (socket) => void socket.write(`${head}hi`));
    await using source = parseSource(`${url}/`, {}).create({}, "site");
    const error = await caught(source.listPage("", undefined, signal()));
    assert.equal(error.kind, "bad-listing", error.message);
    assert.match(error.message, words);
  });

test("an index page whose lines end without CR is read", async (t) => {
  const text = page(link("a/"));
  const { url } = await serveRaw(
    t,
    (socket) =>
      void socket.write(
        `HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: ${text.length}\n\n${text}`,
      ),
  );
  await using source = parseSource(`${url}/`, {}).create({}, "site");
  assert.deepEqual((await source.listPage("", undefined, signal())).directories, ["a"]);
});

test("files whose answers cannot be read do not make the page fail that names them", async (t) => {
  const names = ["a", "b", "c", "d", "e"];
  const { url } = await serveRaw(t, (socket, head) => {
    const text = page(...names.map((name) => link(name)));
    if (head.startsWith("GET / "))
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
    else socket.write("HTTP/1.1 301 Moved\r\nLocation: /new\nline/\r\nContent-Length: 0\r\n\r\n");
  });
  await using source = parseSource(`${url}/`, {}).create({}, "site");
  const { files } = await source.listPage("", undefined, signal());
  assert.deepEqual(
    files.map(({ name }) => name),
    names,
  );
});
