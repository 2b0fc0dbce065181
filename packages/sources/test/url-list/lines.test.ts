import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { keyOfUrl } from "../../src/url-list/key-of-url.ts";
import { LineError, parseLine } from "../../src/url-list/list-line.ts";
import { type NumberedLine, readLines } from "../../src/url-list/read-lines.ts";

const md5 = "0123456789abcdef0123456789ABCDEF";

test("a line is a URL, whose key follows from it, or a key with its URL, size and MD5", () => {
  const url = "https://a.example/b.jpg";
  assert.deepEqual(parseLine(` ${url} \r`), { key: "a.example/b.jpg", url });
  assert.deepEqual(parseLine(`x/y\t${url}`), { key: "x/y", url });
  assert.deepEqual(parseLine(`x/y\t${url}\t12`), { key: "x/y", url, size: 12 });
  assert.deepEqual(parseLine(`x/y\t${url}\t12\t${md5}\r`), {
    key: "x/y",
    url,
    size: 12,
    md5: md5.toLowerCase(),
  });
  assert.deepEqual(parseLine(`x/y\t${url}\t\t${md5}`), { key: "x/y", url, md5: md5.toLowerCase() });
  assert.deepEqual(parseLine(`#1\t${url}`), { key: "#1", url });
});

test("a key may hold U+FFFD, escaped or not", () => {
  assert.equal(parseLine("\ufffd\thttp://a.example/b")?.key, "\ufffd");
  assert.equal(parseLine("http://a.example/%EF%BF%BD")?.key, "a.example/\ufffd");
});

test("blank lines and comments are passed over", () => {
  for (const line of ["", "  ", "\r", "# from the shop's export"]) assert.equal(parseLine(line), undefined);
});

test("a line that names nothing that could be fetched or stored is reported with the reason", () => {
  const bad: [string, RegExp][] = [
    ["htp:/broken", /no http:\/\/ or https:\/\/ URL/],
    ["ftp://user:secret@a.example/b", /no http/],
    ["http://user:secret@a.example/b\t48213", /cannot be stored/],
    ["a/b\t48213", /no http/],
    ["http://user:secret@a.example/b\thttp://a.example/b\t1", /cannot be stored/],
    ["a\thttp://a.example/b\tsecret", /no number of bytes/],
    ["a\tb", /no http/],
    ["\thttp://a.example/b", /key is empty/],
    ["../b\thttp://a.example/b", /cannot be stored/],
    ["a//b\thttp://a.example/b", /cannot be stored/],
    ["a\udce9\thttp://a.example/b", /not UTF-8/],
    ["http://a.example/\udce9", /percent-escape/],
    ["a\thttp://a.example/\udce9", /percent-escape/],
    ["a\thttp://a.example/b\t12k", /no number of bytes/],
    ["a\thttp://a.example/b\t-1", /no number/],
    ["a\thttp://a.example/b\t1\tabc", /not 32 hex digits/],
    [`a\thttp://a.example/b\t1\t${md5}\tmore`, /more than/],
  ];
  for (const [line, why] of bad)
    assert.throws(
      () => parseLine(line),
      (error) => {
        assert.ok(error instanceof LineError, line);
        assert.match(error.message, why);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
});

test("the key of a URL is its host and decoded path, its query included, never user and password", () => {
  const keys: [string, string][] = [
    ["http://a.example/b/c%20d.jpg", "a.example/b/c d.jpg"],
    ["https://a.example:8443/x", "a.example:8443/x"],
    ["https://a.example", "a.example/index.html"],
    ["https://a.example/x//y/", "a.example/x/y/index.html"],
    ["https://a.example/get?id=1&n=%2F", "a.example/get?id=1&n=%2F"],
    ["https://u:p@a.example/x", "a.example/x"],
    ["https://a.example/%2e%2e/x", "a.example/x"],
    ["https://a.example/a%2Fb/%FF", "a.example/a%2Fb/%FF"],
    ["https://a.example/%E4%B8%AD", "a.example/中"],
    ["https://a.example/x?X-Amz-Signature=s&X-Amz-Expires=9&v=2", "a.example/x?v=2"],
    ["https://a.example/x?sv=1&se=2&sig=s", "a.example/x"],
    ["https://a.example/x?Expires=1&OSSAccessKeyId=k&Signature=s", "a.example/x"],
    ["https://a.example/x?se=1", "a.example/x?se=1"],
  ];
  for (const [url, key] of keys) assert.equal(keyOfUrl(new URL(url)), key, url);
});

async function lines(bytes: Uint8Array, chunk: number): Promise<NumberedLine[]> {
  async function* cut() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  return (await Array.fromAsync(readLines(cut()))).flat();
}

test("lines come whole and numbered, however they arrive, plain or packed, with or without a last newline", async () => {
  const text = "one\n\nthree 中\nfour";
  const expected = ["one", "", "three 中", "four"].map((one, index) => ({ number: index + 1, text: one }));
  for (const packed of [Buffer.from(text), gzipSync(text), zstdCompressSync(text)])
    for (const chunk of [1, 2, 7, 1000]) assert.deepEqual(await lines(packed, chunk), expected);
  assert.deepEqual(await lines(Buffer.from("one\n"), 3), [{ number: 1, text: "one" }]);
  assert.deepEqual(await lines(Buffer.alloc(0), 3), []);
});

test("a line without an end does not fill memory, and is reported as one", async () => {
  const text = `a\n${"x".repeat(300_000)}\nb\n${"y".repeat(70_000)}`;
  for (const chunk of [10_000, 1_000_000])
    assert.deepEqual(
      await lines(Buffer.from(text), chunk),
      [
        [1, "a"],
        [2, undefined],
        [3, "b"],
        [4, undefined],
      ].map(([number, one]) => ({ number, text: one })),
    );
});

test("a packed list that was cut is an error, not a short list", async () => {
  const packed = gzipSync(Array.from({ length: 5000 }, (_, n) => `line ${n * 7919}`).join("\n"));
  await assert.rejects(lines(packed.subarray(0, packed.length - 20), 4096), /unexpected end of file/);
});

test("a zstd list of several frames is refused: what comes after the first would be lost", async () => {
  const frames = Buffer.concat([zstdCompressSync("a\nb\n"), zstdCompressSync("c\n")]);
  for (const chunk of [5, 1000]) await assert.rejects(lines(frames, chunk), /more than one zstd frame/);
  const members = Buffer.concat([gzipSync("a\nb\n"), gzipSync("c\n")]);
  assert.equal((await lines(members, 7)).length, 3);
});
