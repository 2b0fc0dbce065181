import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHtmlIndex } from "../src/http-index/html-index.ts";
import { parseJsonIndex } from "../src/http-index/json-index.ts";

const base = new URL("http://a.example/pub/");
const parse = (links: string, title = "Index of /pub/") =>
  parseHtmlIndex(`<html><head><title>${title}</title></head><body>${links}</body></html>`, base);

test("links to what lies directly in the directory are entries; all others are not", async () => {
  const links = [
    "a.txt",
    "./b.txt",
    "/pub/c.txt",
    "http://a.example/pub/d%20e.txt",
    "sub/",
    "../",
    "/",
    "/other/x",
    "sub/deep.txt",
    "?C=N;O=D",
    "a.txt?x=1",
    "#top",
    "mailto:me@a.example",
    "javascript:alert(1)",
    "http://b.example/pub/f.txt",
    "https://a.example/pub/g.txt",
    "%2e%2e/",
    "http://[broken",
  ];
  const found = await parse(links.map((href) => `<a href="${href}">x</a>\n`).join(""));
  assert.deepEqual(
    found?.map(({ name, isDirectory }) => (isDirectory ? `${name}/` : name)),
    ["a.txt", "b.txt", "c.txt", "d e.txt", "sub/"],
  );
});

test("nginx's exact sizes and minutes are believed, rounded ones are not", async () => {
  const found = await parse(`<a href="a">a</a>      27-Nov-2026 23:28      12345
<a href="b">b</a>      27-Nov-2026 23:28        12K
<a href="c">c</a>      2026-11-27 23:28  12K
<a href="d/">d/</a>    27-Nov-2026 23:28        -
<a href="e">e</a>      27-Foo-2026 23:28      12345
`);
  const modified = Date.UTC(2026, 10, 27, 23, 28) / 1000;
  assert.deepEqual(found, [
    { name: "a", isDirectory: false, size: 12345, modified },
    { name: "b", isDirectory: false },
    { name: "c", isDirectory: false },
    { name: "d", isDirectory: true },
    { name: "e", isDirectory: false },
  ]);
});

test("servers that escape paths otherwise than we do, and write whole ones, are understood", async () => {
  const found = await parseHtmlIndex(
    "<title>Directory Listing For [/dir (x)/]</title><a href='/dir (x)/a.jpg'>a</a><a href=\"/dir%20(x)/it's%20b.jpg\">b</a>",
    new URL("http://a.example/dir%20%28x%29/"),
  );
  assert.deepEqual(
    found?.map(({ name }) => name),
    ["a.jpg", "it's b.jpg"],
  );
});

test("a file and a directory of one name are two entries, and so are two unreadable names", async () => {
  const found = await parse(
    '<a href="a">x</a><a href="a/">x</a><a href="%FF.jpg">x</a><a href="%FE.jpg">x</a>',
  );
  assert.equal(found?.length, 4);
});

test("icons that are links too make no entry twice", async () => {
  const found = await parse('<a href="a"><img src="/icons/x.gif"></a> <a href="a">a</a>');
  assert.deepEqual(found, [{ name: "a", isDirectory: false }]);
});

test("entities and percent signs in links are undone once; bytes that are no UTF-8 show as such", async () => {
  const found = await parse(
    '<a href="a&amp;amp;b">x</a><a href="100%2525">x</a><a href="%E9.jpg">x</a><a href="a%2Fb">x</a>',
  );
  assert.deepEqual(
    found?.map(({ name }) => name),
    ["a&amp;b", "100%25", "\ufffd.jpg", "a/b"],
  );
});

test("a page that is no index gives nothing, rather than an empty directory", async () => {
  assert.equal(await parse('<a href="a">a</a>', "Welcome"), undefined);
  assert.equal(await parse('<a href="../">Back</a><a href="style.css">x</a>', "My holidays"), undefined);
  assert.equal(parseJsonIndex('{"error":"no"}'), undefined);
  assert.equal(parseJsonIndex("[1]"), undefined);
  assert.equal(parseJsonIndex("<html>"), undefined);
  assert.deepEqual(await parse("", "Directory listing for /pub/"), []);
  assert.deepEqual(parseJsonIndex("[]"), []);
});

test("a large page is read without keeping everybody else waiting", async () => {
  const links = Array.from(
    { length: 40_000 },
    (_, n) => `<a href="f${n}">f${n}</a>   27-Nov-2026 23:28   ${n}\n`,
  );
  let turns = 0;
  const ticking = setInterval(() => turns++, 0);
  const found = await parse(links.join(""));
  clearInterval(ticking);
  assert.equal(found?.length, 40_000);
  assert.ok(turns > 0);
});
