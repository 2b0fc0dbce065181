import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../../e2e/brigade.ts";
import { httpPort } from "../servers/ports.ts";
import { type Measured, measuredBrigade } from "./measured.ts";
import { type Bomb, explode, names, repeated, row, siteWith } from "./site.ts";

const html = (begin: string, text: string, times: number): Bomb => ({
  type: "text/html",
  *pieces() {
    yield `<title>Index of /bomb/</title>${begin}`;
    yield* repeated(text, times);
  },
});
const json = (begin: string, text: string, times: number): Bomb => ({
  type: "application/json",
  *pieces() {
    yield begin;
    yield* repeated(text, times);
  },
});
const jsonRow = '{"name":"a.jpg","type":"file","mtime":"Fri, 27 Nov 2026 23:28:00 GMT","size":1},';

const bombs: Record<string, Bomb> = {
  "16 MB of zeros in JSON": json("[", "0,", 8_000_000),
  "brackets in JSON that are never closed": json("", "[", 30_000_000),
  "one text in JSON without an end": json('[{"name":"', "aaaaaaaa", 4_000_000),
  "more than a million entries in JSON": json("[", jsonRow, 1_100_000),
  "elements that are never closed": html("", "<div>", 4_000_000),
  "ends of elements that were not begun, below 900 others": html("<b>".repeat(900), "</x>", 8_000_000),
  "a tag with millions of attributes": html("<a ", "b c d e ", 4_000_000),
  "tags that are never closed": html("", "<a <a <a ", 4_000_000),
  "a comment without an end": html("<!--", "aaaaaaaa", 4_000_000),
  "links without an end": html("<pre>", '<a href="b.jpg">b.jpg</a>\n', 1_500_000),
  "a title without an end": html("<title>", "aaaaaaaa", 40_000_000),
};

async function copyOf(t: TestContext, bomb: Bomb): Promise<Measured & { files: string[] }> {
  const volume = await temporaryFolder(t);
  const url = await siteWith(t, [row("bomb/")], (request, response) => {
    if (!request.url?.startsWith("/bomb")) return false;
    void explode(response, bomb);
    return true;
  });
  const measured = await measuredBrigade(["copy", url, volume], {});
  const files = readdirSync(volume, { recursive: true, encoding: "utf8" }).map((path) => basename(path));
  return { ...measured, files: files.filter((name) => names.includes(name)) };
}

/** MiB that the same run takes without a bomb. */
let calm: number | undefined;
async function calmPeak(t: TestContext): Promise<number> {
  calm ??= (await copyOf(t, html("", "\n", 1))).peakMib;
  return calm;
}

describe("a page that is a bomb has failed in one line, and all else is stored: of an index", () => {
  for (const [what, bomb] of Object.entries(bombs))
    test(what, async (t) => {
      const without = await calmPeak(t);
      const { code, stdout, stderr, peakMib, seconds, files } = await copyOf(t, bomb);
      t.diagnostic(`${Math.round(peakMib - without)} MiB more than without it, ${seconds.toFixed(1)} s`);
      assert.equal(code, 3, stdout + stderr);
      assert.equal(files.length, names.length);
      const told = stderr.split("\n").filter((line) => line.includes("could not be listed"));
      assert.equal(told.length, 1, stderr);
      assert.ok(peakMib - without < 150, `${peakMib} MiB, without it ${without}`);
    });
});

describe("a page that is a bomb has failed in one line, and all else is stored: of a UpYun bucket", () => {
  const rows = "a.jpg\tN\t1\t1478701618\n";
  for (const [what, format, bomb, words] of [
    ["240 MB of rows", "text", json("", rows, 11_000_000), /more than 100,000 rows/],
    ["one row without an end", "text", json("", "aaaaaaaa", 30_000_000), /a row of more than 256 KiB/],
    ["240 MB of zeros in JSON", "json", json('{"files":[', "0,", 120_000_000), /cannot be read/],
    ["brackets in JSON", "json", json('{"files":[', "[", 30_000_000), /brackets open/],
    [
      "240 MB of an unknown member of JSON",
      "json",
      json('{"other":[', '"aaaaaaaa",', 24_000_000),
      /an entry of more than/,
    ],
  ] as const)
    test(what, async (t) => {
      const port = await httpPort(t, (request, response) => {
        const isPage = request.headers["x-upyun-folder"] === "true";
        if (!isPage) return void response.writeHead(404).end();
        response.setHeader("x-upyun-list-iter", "g2gCZAAEbmV4dGQAA2VvZg");
        void explode(response, bomb);
      });
      const volume = await temporaryFolder(t);
      const { code, stdout, stderr, peakMib, seconds } = await measuredBrigade(
        ["copy", "upyun://demo/", volume],
        {
          UPYUN_ENDPOINT: `http://127.0.0.1:${port}`,
          UPYUN_OPERATOR: "o",
          UPYUN_PASSWORD: "p",
          UPYUN_LIST_FORMAT: format,
          OUTAGE_LIMIT_MS: "5000",
        },
      );
      const without = await calmPeak(t);
      t.diagnostic(`${Math.round(peakMib - without)} MiB more than without it, ${seconds.toFixed(1)} s`);
      assert.ok(code === 3 || code === 4, stdout + stderr);
      assert.match(stderr, words);
      assert.ok(peakMib - without < 150, `${peakMib} MiB, without it ${without}`);
    });
});
