import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { temporaryFolder } from "../../e2e/brigade.ts";
import { type Measured, measuredBrigade } from "./measured.ts";
import {
  type Bomb,
  bucketWith,
  drip,
  endMarker,
  explode,
  type Format,
  names,
  repeated,
  row,
  siteWith,
  upyunRow,
} from "./site.ts";

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

/** The same, each byte as a chunk of its own. */
const dripping: Record<string, Bomb> = {
  "a page of blanks, byte by byte": json("", " ", 1_000_000),
  "one text in JSON without an end, byte by byte": json('[{"name":"', "a", 1_000_000),
  "one text that is no ASCII, byte by byte": html("", "\u00e9", 500_000),
  "a tag without an end, byte by byte": html("<a ", "b", 1_000_000),
};

async function copyOf(t: TestContext, bomb: Bomb, send = explode): Promise<Measured & { files: string[] }> {
  const volume = await temporaryFolder(t);
  const url = await siteWith(t, [row("bomb/")], (request, response) => {
    if (!request.url?.startsWith("/bomb")) return false;
    void send(response, bomb);
    return true;
  });
  const measured = await measuredBrigade(["copy", url, volume], {});
  const files = readdirSync(volume, { recursive: true, encoding: "utf8" }).map((path) => basename(path));
  return { ...measured, files: files.filter((name) => names.includes(name)) };
}

/** The same run without a bomb. */
let calm: Measured | undefined;
async function calmRun(t: TestContext): Promise<Measured> {
  calm ??= await copyOf(t, html("", "\n", 1));
  return calm;
}

async function calmPeak(t: TestContext): Promise<number> {
  return (await calmRun(t)).peakMib;
}

describe("a page that is a bomb has failed in one line, and all else is stored: of an index", () => {
  for (const [what, bomb] of Object.entries({ ...bombs, ...dripping }))
    test(what, async (t) => {
      const without = await calmPeak(t);
      const send = Object.hasOwn(dripping, what) ? drip : explode;
      const { code, stdout, stderr, peakMib, seconds, work, files } = await copyOf(t, bomb, send);
      t.diagnostic(
        `${Math.round(peakMib - without)} MiB more than without it, ${seconds.toFixed(1)} s (${work})`,
      );
      assert.equal(code, 3, stdout + stderr);
      assert.equal(files.length, names.length);
      const told = stderr.split("\n").filter((line) => line.includes("could not be listed"));
      assert.equal(told.length, 1, stderr);
      assert.ok(peakMib - without < 150, `${peakMib} MiB, without it ${without}`);
      assert.ok(work - (await calmRun(t)).work < 10, `${work} s of the processor`);
    });
});

/** Copies a UpYun bucket with a bomb in it. Returns how many of the good files are stored. */
async function copyOfBucket(
  t: TestContext,
  format: Format,
  bomb: Bomb,
  words: readonly string[] = [],
  more: Record<string, string> = {},
): Promise<Measured & { files: string[] }> {
  const volume = await temporaryFolder(t);
  const settings = await bucketWith(t, format, bomb);
  const measured = await measuredBrigade(["copy", "upyun://demo/", volume, ...words], {
    ...settings,
    ...more,
  });
  const files = readdirSync(volume, { recursive: true, encoding: "utf8" }).map((path) => basename(path));
  return { ...measured, files };
}

describe("a page that is a bomb has failed in one line, and all else is stored: of a UpYun bucket", () => {
  const rows = upyunRow("text", { name: "a.jpg" });
  for (const [what, format, bomb, words] of [
    ["240 MB of rows", "text", json("", rows, 9_000_000), /more than 1,000,000 entries/],
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
      const without = await calmPeak(t);
      const { code, stdout, stderr, peakMib, seconds, work, files } = await copyOfBucket(t, format, bomb);
      t.diagnostic(
        `${Math.round(peakMib - without)} MiB more than without it, ${seconds.toFixed(1)} s (${work})`,
      );
      assert.equal(code, 3, stdout + stderr);
      assert.equal(files.filter((name) => names.includes(name)).length, names.length, stdout + stderr);
      const told = stderr.split("\n").filter((line) => line.includes("could not be listed"));
      assert.equal(told.length, 1, stderr);
      assert.match(told[0] ?? "", words);
      assert.ok(peakMib - without < 150, `${peakMib} MiB, without it ${without}`);
      assert.ok(work - (await calmRun(t)).work < 10, `${work} s of the processor`);
    });
});

describe("a UpYun page of a million rows is listed to its end, in little memory", () => {
  for (const format of ["text", "json"] as const)
    test(format, async (t) => {
      const page: Bomb = {
        type: "text/plain",
        *pieces() {
          if (format === "json") yield '{"files":[';
          for (let n = 0; n < 999_000; n += 1_000) {
            const block = Array.from({ length: 1_000 }, (_, i) => ({ name: `row-${n + i}.jpg` }));
            yield block.map((one) => upyunRow(format, one)).join("");
          }
          const last = upyunRow(format, { name: "last.jpg" });
          yield format === "text" ? last : `${last.slice(0, -1)}],"iter":"${endMarker}"}`;
        },
      };
      const without = await calmPeak(t);
      const { code, stdout, stderr, peakMib, seconds, work, files } = await copyOfBucket(
        t,
        format,
        page,
        ["--include", "good-*.jpg", "--include", "last.jpg"],
        { LIST_PAGE_SIZE: "10000" },
      );
      t.diagnostic(
        `${Math.round(peakMib - without)} MiB more than without it, ${seconds.toFixed(1)} s (${work})`,
      );
      assert.equal(code, 0, stdout + stderr);
      assert.ok(files.includes("last.jpg"));
      assert.ok(peakMib - without < 150, `${peakMib} MiB, without it ${without}`);
      assert.ok(work - (await calmRun(t)).work < 10, `${work} s of the processor`);
    });
});

test("names that were made to keep a glob busy cost little: each is compared, and matching ones are stored", async (t) => {
  const made = Array.from({ length: 300 }, (_, n) => `${"_".repeat(240)}${n}.jpX`);
  const url = await siteWith(
    t,
    made.map((name) => row(name, 1)),
    () => false,
  );
  const volume = await temporaryFolder(t);
  const words = ["--include", "*_*_*_*_*_*.jpg", "--include", "good-*"];
  const { code, stdout, stderr, work } = await measuredBrigade(["copy", url, volume, ...words], {});
  assert.equal(code, 0, stdout + stderr);
  const files = readdirSync(volume, { recursive: true, encoding: "utf8" }).map((path) => basename(path));
  assert.equal(files.filter((name) => names.includes(name)).length, names.length);
  assert.ok(work - (await calmRun(t)).work < 10, `${work} s of the processor`);
});
