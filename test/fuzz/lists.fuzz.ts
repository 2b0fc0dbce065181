import assert from "node:assert/strict";
import fc from "fast-check";
import { LineError, parseLine } from "../../packages/sources/src/url-list/list-line.ts";
import { readLines } from "../../packages/sources/src/url-list/read-lines.ts";
import { type Family, reads } from "./family.ts";
import { foreignText, spoiled } from "./foreign.ts";
import { assertInside } from "./inside.ts";

const words = [
  ...[
    "http://",
    "https://",
    "a.example",
    "user:p%40ss@",
    "/a/b.jpg",
    "//",
    "/./",
    "/%2e%2e/",
    "%2F",
    "?id=7&sig=1",
    "#f",
  ],
  ...["key", "\t", "123", "9e107d9d372bb6826bd81d3542a419d6", "data:", "file:///etc/passwd"],
];
const valid = fc.constant(
  "2019/cat.jpg\thttps://img.example.com/get?id=7\t48213\t9e107d9d372bb6826bd81d3542a419d6",
);

async function* inChunks(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export const family: Family = {
  name: "lists",
  properties: [
    reads(
      "a line names a key inside the volume and an http URL, or is refused",
      fc.oneof(foreignText(words), spoiled(valid, words)),
      (text) => {
        const line = parseLine(text);
        if (line === undefined) return;
        assertInside(line.key);
        assert.match(line.url, /^https?:\/\/[^/]/);
        assert.ok(line.size === undefined || Number.isSafeInteger(line.size));
        assert.deepEqual(
          parseLine(`${line.key}\t${line.url}\t${line.size ?? ""}\t${line.md5 ?? ""}`)?.url,
          line.url,
        );
      },
      (error) => error instanceof LineError,
    ),
    reads(
      "the lines of a file are the same in whatever chunks it comes",
      fc.tuple(foreignText([...words, "\n"]), fc.integer({ min: 1, max: 100 })),
      async ([text, size]) => {
        const bytes = Buffer.from(`#\n${text}`);
        const found: (string | undefined)[] = [];
        // In single bytes a long text would take long with any reader.
        for await (const lines of readLines(inChunks(bytes, Math.max(size, bytes.length >> 8))))
          found.push(...lines.map((line) => line.text));
        const expected = bytes.toString().split("\n");
        if (expected.at(-1) === "") expected.pop();
        assert.deepEqual(
          found,
          expected.map((line) => (Buffer.byteLength(line) > 64 * 1024 ? undefined : line)),
        );
      },
    ),
  ],
};
