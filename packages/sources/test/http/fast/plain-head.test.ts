import assert from "node:assert/strict";
import { test } from "node:test";
import { mayBecomePlain, readPlainHead } from "../../../src/http/fast/plain-head.ts";

function headOf(
  lines: readonly string[],
  { first = "HTTP/1.1 200 OK", method = "GET" as "GET" | "HEAD" } = {},
) {
  return readPlainHead([first, ...lines].map((line) => `${line}\r\n`).join(""), method);
}
const length = "Content-Length: 5";

test("a plain head gives status, status text, length, and headers with names in lower case", () => {
  const head = headOf([
    'ETag: "a:b"',
    `${length} \t`,
    "X-A:1",
    "x-a: \t2",
    "x-a: 3",
    "__proto__: p",
    "X-E:",
    "X-L: \xe9",
  ]);
  assert.deepEqual([head?.status, head?.statusText, head?.bodyBytes], [200, "OK", 5]);
  assert.deepEqual(Object.entries(head?.headers ?? {}), [
    ["etag", '"a:b"'],
    ["content-length", "5"],
    ["x-a", ["1", "2", "3"]],
    ["__proto__", "p"],
    ["x-e", ""],
    ["x-l", "\xe9"],
  ]);
  assert.equal(headOf([length], { first: "HTTP/1.1 404" })?.statusText, "");
});

test("an answer without a body ends with its head; if the server may send a body by mistake, the connection is closed", () => {
  const ends = (lines: string[], options: Parameters<typeof headOf>[1]) => {
    const head = headOf(lines, options);
    return [head?.bodyBytes, head?.idleMs === 0];
  };
  assert.deepEqual(ends([], { first: "HTTP/1.1 204 No Content" }), [0, false]);
  assert.deepEqual(ends(["Content-Length: 0"], { first: "HTTP/1.1 204 No Content" }), [0, false]);
  assert.deepEqual(ends([], { first: "HTTP/1.1 304 Not Modified" }), [0, false]);
  assert.deepEqual(ends([length], { first: "HTTP/1.1 304 Not Modified" }), [0, true]);
  assert.deepEqual(ends([length], { method: "HEAD" }), [0, true]);
});

for (const [what, lines, first] of [
  ["two lengths", [length, "Content-Length: 6"]],
  ["the same length twice", [length, length]],
  ["two lengths in one header", ["Content-Length: 5, 5"]],
  ["a length with a sign", ["Content-Length: +5"]],
  ["a length that is no number", ["Content-Length: 5x"]],
  ["an empty length", ["Content-Length:"]],
  ["a length beyond all numbers", ["Content-Length: 9007199254740993"]],
  ["no length", []],
  ["a coding beside its length", [length, "Transfer-Encoding: chunked"]],
  ["a folded header", ["X-A: 1", " 2", length]],
  ["a blank before a colon", ["Content-Length : 5"]],
  ["a line without a colon", ["no colon", length]],
  ["a line without a name", [": 1", length]],
  ["a bare LF", ["X-A: 1\nX-B: 2", length]],
  ["a bare CR", ["X-A: 1\rX-B: 2", length]],
  ["a NUL", ["X-A: \0", length]],
  ["a name beyond ASCII", ["X-\xe9: 1", length]],
  ["another version", [length], "HTTP/1.0 200 OK"],
  ["words that are no status", [length], "HTTP/1.1 OK"],
  ["two blanks before its status", [length], "HTTP/1.1  200 OK"],
  ["a status of four digits", [length], "HTTP/1.1 2000 OK"],
  ["an interim status", [length], "HTTP/1.1 103 Early Hints"],
] satisfies [string, string[], string?][])
  test(`a head with ${what} is not plain`, () => {
    assert.equal(headOf(lines, first === undefined ? {} : { first }), undefined);
  });

test("each beginning of a plain head may become a plain head", () => {
  const whole = `HTTP/1.1 200 OK\r\nETag: "1"\r\n${length}\r\n\r\n`;
  for (let end = 0; end < whole.length; end++) assert.ok(mayBecomePlain(whole.slice(0, end)), `${end}`);
});

for (const begun of [
  "SSH-2.0-OpenSSH_9.2\r\n",
  "SSH",
  "HTTP/1.0",
  "HTTP/1.1 1",
  "HTTP/1.1 200 OK\n",
  "HTTP/1.1 200 OK\r\nX-A: 1\r\n folded\r\n",
  "HTTP/1.1 200 OK\r\nX-A: 1\nX-B",
  "HTTP/1.1 200 OK\r\nno colon\r\n",
])
  test(`${JSON.stringify(begun)} cannot become a plain head`, () => {
    assert.equal(mayBecomePlain(begun), false);
  });

test("a connection is kept two seconds less than the server offers, and never longer than four seconds", () => {
  const idle = (...lines: string[]) => headOf([length, ...lines])?.idleMs;
  assert.equal(idle(), 4_000);
  assert.equal(idle("Connection: keep-alive", "Keep-Alive: timeout=60, max=100"), 4_000);
  assert.equal(idle("Keep-Alive: timeout=5"), 3_000);
  assert.equal(idle("Keep-Alive: timeout=2"), 0);
  assert.equal(idle("Keep-Alive: max=100"), 4_000);
  assert.equal(idle("Connection: close"), 0);
  assert.equal(idle("Connection: Upgrade, Close"), 0);
  assert.equal(idle("Connection: x-close-not"), 4_000);
});
