import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "@brigade/core";
import { parseHtmlIndex, parseHtmlPieces, parseJsonIndex, piecesOf } from "./index-texts.ts";

const at = (url: string) => ({ asked: new URL(url), answered: new URL(url), isDelimited: true });
const pub = at("http://a.example/pub/");
const parse = (links: string, title = "Index of /pub/", of = pub) =>
  parseHtmlIndex(`<html><head><title>${title}</title></head><body>${links}</body></html>`, of);

const link = (href: string, text = href) => `<a href="${href}">${text}</a>\n`;

test("a page that ends in the middle is none, wherever it was cut", async () => {
  const page = `<!DOCTYPE html><html><head><title>Index of /</title></head><body><h1>Index of /</h1><hr><pre>${link("../")}${link("a.txt")}${link("b.txt")}</pre><hr></body></html>`;
  const from = page.indexOf("<body>");
  for (let end = from; end < page.length; end++)
    await assert.rejects(parseHtmlIndex(page.slice(0, end), pub), /ends in the middle/, page.slice(0, end));
  assert.equal((await parseHtmlIndex(`${page}\n`, pub))?.length, 2);
  const fragment = `<title>Index of /</title>${link("a.txt")}<a href="b.tx`;
  await assert.rejects(parseHtmlIndex(fragment, pub), /ends in the middle/);
  await assert.rejects(parseJsonIndex('[{"name":"a","type":"dir'), /ends in the middle/);
});

test("where HTTP cannot distinguish a cut page from a whole one, the end of its markup decides", async () => {
  const undelimited = { ...pub, isDelimited: false };
  const page = `<title>Index of /</title>${link("a.txt")}`;
  await assert.rejects(parseHtmlIndex(page, undelimited), /index page is complete/);
  assert.equal((await parseHtmlIndex(`<html>${page}</html>`, undelimited))?.length, 1);
});

test("nginx's exact sizes and minutes are used, rounded ones are not", async () => {
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

test("paths that are escaped otherwise than brigade's, and whole ones, are read", async () => {
  const found = await parseHtmlIndex(
    "<title>Directory Listing For [/dir (x)/]</title><a href='/dir (x)/a.jpg'>a</a><a href=\"/dir%20(x)/it's%20b.jpg\">b</a>",
    at("http://a.example/dir%20%28x%29/"),
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

test("entities and percent signs in links are undone once; bytes that are not UTF-8 are no letter of any name", async () => {
  const found = await parse(
    '<a href="a&amp;amp;b">x</a><a href="100%2525">x</a><a href="%E9.jpg">x</a><a href="a%2Fb">x</a><a href="%EF%BF%BD">x</a>',
  );
  assert.deepEqual(
    found?.map(({ name }) => name),
    ["a&amp;b", "100%25", "\udce9.jpg", "a/b", "\ufffd"],
  );
});

test("a name whose bytes are not UTF-8, written as they are, is not the name with U+FFFD", async () => {
  const bytes = Buffer.concat([
    Buffer.from('<title>Index of /pub/</title><a href="./'),
    Buffer.from([0xe9]),
    Buffer.from('.jpg">x</a><a href="/pub/\ufffd.jpg">\ufffd.jpg</a>'),
  ]);
  const found = await parseHtmlIndex(textOf(bytes), pub);
  assert.deepEqual(
    found?.map(({ name }) => name),
    ["\udce9.jpg", "\ufffd.jpg"],
  );
});

test("a page that is no index gives nothing, rather than an empty directory", async () => {
  assert.equal(await parse('<a href="a">a</a>', "Welcome"), undefined);
  assert.equal(await parse('<a href="../">Back</a><a href="style.css">x</a>', "My holidays"), undefined);
  assert.equal(await parseJsonIndex('{"error":"no"}'), undefined);
  assert.equal(await parseJsonIndex("[1]"), undefined);
  assert.equal(await parseJsonIndex("<html>"), undefined);
  assert.deepEqual(await parse("", "Directory listing for /pub/"), []);
  assert.deepEqual(await parseJsonIndex("[]"), []);
});

test("names that are not escaped in the texts of links hide no other links", async () => {
  for (const name of ["<!--", "<script>", "<STYLE x", "<title>", "<?", "<base href=x>", "<textarea>"]) {
    const row = `<a href="${encodeURIComponent(name)}">${name}</a>   27-Nov-2026 23:28   1\n`;
    const found = await parse(`${link("a")}${row}${link("b")}${link("x-->", "x-->")}${link("c")}`);
    assert.deepEqual(
      found?.map((entry) => entry.name),
      ["a", name, "b", "x-->", "c"],
    );
  }
});

test("other work goes on while a large page is read", async (t) => {
  const rows = Array.from(
    { length: 40_000 },
    (_, n) => `<a href="f${n}">f${n}</a>   27-Nov-2026 23:28   ${n}\n`,
  );
  let [since, most] = [0, 0];
  const everybodyElse = () => {
    since = 0;
    waiting = setImmediate(everybodyElse);
  };
  let waiting = setImmediate(everybodyElse);
  t.after(() => clearImmediate(waiting));
  async function* pieces() {
    const page = `<html><head><title>Index of /pub/</title></head><body>${rows.join("")}</body></html>`;
    for await (const text of piecesOf(page, 64 * 1024)) {
      since += text.length;
      most = Math.max(most, since);
      yield text;
    }
  }
  assert.equal((await parseHtmlPieces(pieces(), pub))?.length, 40_000);
  // Others get their turn after 256 KiB, and may come after what then goes on.
  assert.ok(most <= 600 * 1024, `${most} characters were read before others got their turn`);
});
