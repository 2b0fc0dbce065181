import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, type Page, refusal, sizeProblem } from "@brigade/core";
import { parseSource } from "@brigade/sources";
import fc from "fast-check";
import { type Family, reads } from "./family.ts";
import { foreignText, spoiled } from "./foreign.ts";
import { assertInside } from "./inside.ts";

/** The server's answer to a request for a page; for all other requests it has one byte. */
let answer = { body: "", headers: {} as Record<string, string> };
const server = createServer((request, response) => {
  const isPage =
    request.method === "GET" && request.url?.endsWith("/") === true && request.headers.range === undefined;
  if (isPage) response.writeHead(200, answer.headers).end(answer.body);
  else
    response
      .writeHead(200, { "content-length": 1, "x-upyun-file-type": "file" })
      .end(request.method === "GET" ? "x" : "");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const end = "g2gCZAAEbmV4dGQAA2VvZg";
const account = { UPYUN_OPERATOR: "me", UPYUN_PASSWORD: "pw", UPYUN_ENDPOINT: origin, LIST_PAGE_SIZE: "20" };

const row = fc
  .tuple(fc.string({ unit: "grapheme", maxLength: 12 }), fc.constantFrom("N", "F", "X"), fc.nat(), fc.nat())
  .map((columns) => columns.join("\t"));
const rows = fc.array(row, { maxLength: 8 }).map((all) => all.join("\n"));
const textWords = [
  "\t",
  "\n",
  "N",
  "F",
  "\tN\t1\t1\n",
  "\tF\t0\t1\n",
  "a.jpg",
  "9007199254740991",
  "99999999999999999999",
];
const entry = fc.record({
  ...{ name: fc.string({ unit: "grapheme", maxLength: 12 }), type: fc.constantFrom("folder", "image/jpeg") },
  ...{ length: fc.nat(), last_modified: fc.nat() },
});
const json = fc
  .record({ files: fc.array(entry, { maxLength: 8 }), iter: fc.constantFrom(end, "next", "") })
  .map((one) => JSON.stringify(one));
const jsonWords = [
  '{"files":[',
  '"iter":"',
  '"name":"../a"',
  '"length":-1',
  "]}",
  "{}",
  ",",
  "null",
  "[[",
  '"type":"folder"',
];
const htmlWords = [
  ...[
    "<title>Index of /</title>",
    "<pre>",
    "</pre>",
    '<a href="',
    '">',
    "</a>",
    "a.jpg",
    "d/",
    "../",
    "?C=M",
    "<base href=",
  ],
  ...[
    "   09-Nov-2016 14:26   12345\r\n",
    "</html>",
    "<table><tr><td>",
    "<!--",
    "-->",
    "<script>",
    "<a ",
    "<![CDATA[",
    "&amp;",
    "&#0;",
  ],
  ...["/pub/", "http://b.example/", "javascript:", "%2e%2e%2f", "a%00b", "<", "<div>", "<svg><a>"],
];
const html = fc.array(fc.string({ unit: "grapheme", maxLength: 12 }), { maxLength: 8 }).map((names) => {
  const links = names.map(
    (name) => `<a href="${encodeURIComponent(name.toWellFormed())}">${name}</a>   09-Nov-2016 14:26   1\r\n`,
  );
  return `<html><title>Index of /pub/</title><pre>${links.join("")}</pre></html>`;
});
const index = fc
  .array(
    fc.record({
      ...{
        name: fc.string({ unit: "grapheme", maxLength: 12 }),
        type: fc.constantFrom("file", "directory", "other"),
      },
      ...{ mtime: fc.constant("Wed, 09 Nov 2016 14:26:58 GMT"), size: fc.nat() },
    }),
    { maxLength: 8 },
  )
  .map((one) => JSON.stringify(one));
const indexWords = [
  '{"name":"',
  '"type":"directory"',
  '"mtime":"',
  '"size":-1',
  "[",
  "]",
  "{",
  "}",
  ",",
  "null",
  '"is_dir":true',
];

/** Names that may be asked for become keys inside the volume. */
function assertNames({ files, directories }: Page): void {
  for (const name of [
    ...files.filter(({ problem }) => problem === undefined).map((file) => file.name),
    ...directories,
  ])
    if (refusal(name) === undefined) assertInside(join("pub", name));
  // The lister refuses names that no object can have.
  for (const { size } of files)
    assert.ok(size === undefined || sizeProblem(size) !== undefined || Number.isSafeInteger(size), `${size}`);
}

/** One page as this source lists it. */
async function list(
  url: string,
  environment: Record<string, string>,
  body: string,
  headers: Record<string, string>,
) {
  answer = { body, headers };
  await using source = parseSource(url, {}).create(environment, "photos");
  assertNames(await source.listPage("pub", undefined, new AbortController().signal));
}

const pages = (valid: fc.Arbitrary<string>, words: readonly string[]) =>
  fc.oneof(valid, spoiled(valid, words), foreignText(words));
const site = (body: string, type: string) =>
  list(`${origin}/`, { LIST_PAGE_SIZE: "20" }, body, { "content-type": type });

export const family: Family = {
  name: "pages",
  properties: [
    reads("UpYun's pages of text are pages, or no whole listing", pages(rows, textWords), (body) =>
      list("upyun://bucket/", account, body, { "x-upyun-list-iter": end }),
    ),
    reads("UpYun's pages of JSON are pages, or no whole listing", pages(json, jsonWords), (body) =>
      list("upyun://bucket/", { ...account, UPYUN_LIST_FORMAT: "json" }, body, {
        "content-type": "application/json",
      }),
    ),
    reads("a web server's pages of HTML are pages, or no whole listing", pages(html, htmlWords), (body) =>
      site(body, "text/html"),
    ),
    reads("a web server's pages of JSON are pages, or no whole listing", pages(index, indexWords), (body) =>
      site(body, "application/json"),
    ),
  ],
  end: async () => {
    server.closeAllConnections();
    server.close();
  },
};
