import assert from "node:assert/strict";
import { test } from "node:test";
import { parseHtmlIndex } from "./index-texts.ts";

const at = (url: string) => ({ asked: new URL(url), answered: new URL(url), isDelimited: true });
const pub = at("http://a.example/pub/");
const parse = (links: string, title = "Index of /pub/", of = pub) =>
  parseHtmlIndex(`<html><head><title>${title}</title></head><body>${links}</body></html>`, of);

const link = (href: string, text = href) => `<a href="${href}">${text}</a>\n`;

test("links to what lies in the directory are entries; those to other places and for sorting are none", async () => {
  const links = [
    link("a.txt"),
    link("./b.txt", "b.txt"),
    link("/pub/c.txt", "c.txt"),
    link("//a.example//pub//c2.txt", "c2.txt"),
    link("http://a.example/pub/d%20e.txt", "d e.txt"),
    link("sub/"),
    link("../"),
    link("..", "Parent"),
    link("/"),
    link("/pub", "up"),
    link("/other/x"),
    link("?C=N;O=D", "Name"),
    link("./?sort=size&amp;order=asc", "Size"),
    link("#top", "Top"),
    link("mailto:me@a.example", "write to me"),
    link("javascript:alert(1)", "click"),
    link("http://b.example/about", "about"),
    link("ftp://a.example/pub/h.txt", "h.txt"),
    link("%2e%2e/", "up"),
    link("http://[broken", "broken"),
    '<a name="here">no link</a>',
    '<address><a href="http://b.example/pub/server">server</a></address>',
  ];
  const found = await parse(links.join(""));
  assert.deepEqual(
    found?.map(({ name, isDirectory, guess }) => `${name}${isDirectory ? "/" : ""}${guess ?? ""}`),
    ["a.txt", "b.txt", "c.txt", "c2.txt", "d e.txt", "sub/"],
  );
});

/** Pages of servers that escape nothing: the href is the name. */
const unescaped = [
  "my:file",
  "a#b.txt",
  "a?b.txt",
  "q?",
  "?x.txt",
  "#saved#",
  "100% off.txt",
  "100%",
  "%zz",
  "back\\slash",
  "\\",
  "http:x",
  "a b",
  "中文.txt",
  "tab\tand\nline",
  " blanks at its ends ",
  "a;b=c,d@e$f+g!h*i(j)",
  "[x]{y}|^`",
  "C:\\dir\\file?x=1#y",
  "?",
  "#",
  "a?b=/x".replace("/", "-"),
];

const isOdd = /[?#%\\ ]|[^\x20-\x7e]/;

for (const name of unescaped)
  test(`an href that is not escaped is the name as it stands: ${JSON.stringify(name)}`, async () => {
    for (const above of [
      "",
      "./",
      "/pub/",
      "http://a.example/pub/",
      "//a.example/pub/",
      "http://b.example:8080/pub/",
    ])
      for (const slash of ["", "/"]) {
        const found = await parse(link("ok.txt") + link(above + name + slash, name + slash));
        const [, entry] = found ?? [];
        assert.deepEqual(
          [found?.length, entry?.name, entry?.isDirectory, isOdd.test(name) && entry?.guess],
          [2, name, slash === "/", isOdd.test(name) && "name"],
          above + name + slash,
        );
      }
  });

test("where a page shows that its hrefs are not escaped, what looks escaped is the name, too", async () => {
  const found = await parse(link("a b") + link("%41") + link("c%20d", "c d"));
  assert.deepEqual(
    found?.map(({ name, guess }) => [name, guess]),
    [
      ["a b", "name"],
      ["%41", "name"],
      ["c d", undefined],
    ],
  );
  const escapedOnly = await parse(link("a%20b") + link("%41", "A"));
  assert.deepEqual(
    escapedOnly?.map(({ name }) => name),
    ["a b", "A"],
  );
});

test("where two links would be one name, and their texts are two, the hrefs are the names as they stand", async () => {
  const [raw, plain] = [link("%41"), link("A")];
  for (const links of [raw + plain, plain + raw]) {
    const found = await parse(links + link("b%20c", "b c") + link("%e4") + link("%E4"));
    assert.deepEqual(
      found?.map(({ name, guess }) => [name, guess]).sort(),
      [
        ["%41", "name"],
        ["%E4", "name"],
        ["%e4", "name"],
        ["A", undefined],
        ["b c", undefined],
      ],
      links,
    );
  }
  const directories = await parse(link("%41/") + link("A/"));
  assert.deepEqual(
    directories?.map(({ name }) => name),
    ["%41", "A"],
  );
});

test("where texts are as escaped as hrefs, two links to one thing are one name", async () => {
  const links = [
    link("/pub/%41", ""),
    link("./%41", "%41"),
    link("%41"),
    link("%42"),
    link("%42", "B"),
    link("B/"),
  ];
  const found = await parse(links.join(""));
  assert.deepEqual(new Set(found?.map(({ name }) => name)), new Set(["A", "B"]));
});

test("names that are cut short in the text of the link, or are not in it, are read all the same", async () => {
  const found = await parse(
    link("a-long-name?with-a-question.txt", "a-long-name?wit..>") +
      link("b#1.txt", "Download") +
      link("c:d", "x"),
  );
  assert.deepEqual(
    found?.map(({ name, guess }) => [name, guess]),
    [
      ["a-long-name?with-a-question.txt", "name"],
      ["b#1.txt", "name"],
      ["c:d", "name"],
    ],
  );
});

test("a name that its tag cannot hold is read from the text of the link, or reported as unreadable", async () => {
  const torn = (name: string, text = name) => [
    `<a href="${name}">${text}</a>`,
    `<a href='${name.replaceAll('"', "'")}'>${text.replaceAll('"', "'")}</a>`,
  ];
  for (const name of ['quo"te', 'a"', '"b', 'c" d.txt'])
    for (const tag of torn(name)) {
      const [entry] = (await parse(tag)) ?? [];
      assert.equal(entry?.name, tag.includes("href='") ? name.replaceAll('"', "'") : name);
      assert.equal(entry?.guess, "name");
    }
  const [unclear] = (await parse(torn('quo"te', "Download")[0] ?? "")) ?? [];
  assert.match(unclear?.problem ?? "", /cannot be read/);
});

test("links that are most likely no entries are asked about where they are called as they are written", async () => {
  const found = await parse(
    link("ok.txt") +
      link("mailto:me@x") +
      link("?C=N;O=D") +
      link("ok.txt?download=1", "get") +
      link("ok.txt#1", "1"),
  );
  assert.deepEqual(
    found?.map(({ name, guess }) => [name, guess]),
    [
      ["ok.txt", undefined],
      ["mailto:me@x", "link"],
      ["?C=N;O=D", "link"],
      ["ok.txt?download=1", "link"],
      ["ok.txt#1", "link"],
    ],
  );
});

test("hrefs with another port, scheme or name of the same site are entries of the site that was asked", async () => {
  for (const origin of ["http://a.example:8080", "https://a.example", "http://internal.test", "//[::1]:80"]) {
    const found = await parse(
      link("../") + link(`${origin}/pub/a.txt`, "a.txt") + link(`${origin}/pub/sub/`, "sub/"),
    );
    assert.deepEqual(
      found,
      [
        { name: "a.txt", isDirectory: false, guess: "name" },
        { name: "sub", isDirectory: true, guess: "name" },
      ],
      origin,
    );
  }
});

test("a root's links to other hosts are entries where they are called so", async () => {
  const root = at("http://a.example/");
  const links = link("http://internal/a.txt", "a.txt") + link("http://b.example/docs", "Manual");
  const found = await parse(links, "Index of /", root);
  assert.deepEqual(
    found?.map(({ name }) => name),
    ["a.txt"],
  );
});

test("links are relative to the base of the page, where it has one", async () => {
  const based = (base: string, ...links: string[]) => parse(`<base href="${base}">${links.join("")}`);
  const entries = await based(
    "http://internal.test:8080/",
    link("pub/a.txt", "a.txt"),
    link("pub/sub/", "sub/"),
  );
  assert.deepEqual(
    entries?.map(({ name }) => name),
    ["a.txt", "sub"],
  );
  const elsewhere = await based(
    "/other/",
    link("../"),
    link("a.txt"),
    link("sub/"),
    link("b.txt", "Download"),
  );
  assert.deepEqual(elsewhere, [
    { name: "a.txt", isDirectory: false, guess: "name" },
    { name: "sub", isDirectory: true, guess: "name" },
  ]);
});

test("where no link leads into the directory, its path may be another for the server: the names are tried", async () => {
  const links = ["/PUB/a.txt", "/elsewhere/a.txt", "http://b.example/x/a.txt", "https://a.example/a.txt"];
  for (const href of links)
    assert.deepEqual(
      await parse(link("../") + link(href, "a.txt")),
      [{ name: "a.txt", isDirectory: false, guess: "name" }],
      href,
    );
  assert.deepEqual(
    (await parse(link("b.txt") + link("/elsewhere/a.txt", "a.txt")))?.map(({ name }) => name),
    ["b.txt"],
  );
});

test("a page whose links all lead out of it is no empty directory; one without such links is", async () => {
  await assert.rejects(
    parse(link("../") + link("/elsewhere/a.txt", "Download")),
    /none of the index page's 1 links/,
  );
  const empty =
    link("../") +
    link("?C=N;O=D", "Name") +
    '<footer><a href="https://a.example/made-by/server">server</a></footer>' +
    link("http://b.example/x/", "Powered by b");
  assert.deepEqual(await parse(empty), []);
});

test("links to other pages of the list, and to directories by a query, are reported as missing", async () => {
  const found = await parse(
    link("a.txt") + link("?page=2", "2") + link("?start=100", "Next »") + link("?dir=/pub/sub", "sub/"),
  );
  assert.deepEqual(
    found?.map(({ name, problem }) => [name, problem !== undefined]),
    [
      ["a.txt", false],
      ["?page=2", true],
      ["?start=100", true],
      ["?dir=/pub/sub", true],
    ],
  );
});

test("what lies deeper names the directory that it lies in", async () => {
  const found = await parse(link("sub/deep.txt") + link("sub/deeper/x.txt"));
  assert.deepEqual(
    new Set(found?.map(({ name, isDirectory }) => `${name} ${isDirectory}`)),
    new Set(["sub true"]),
  );
});
