import assert from "node:assert/strict";
import { test } from "node:test";
import { LenientParser } from "../../../src/http/lenient/lenient-parser.ts";

/** Parses an answer that comes in pieces of `size` bytes. */
function read(answer: string, { size = answer.length, method = "GET" as "GET" | "HEAD" } = {}) {
  const parsed = { status: 0, body: "", ends: 0, headers: {} as Record<string, string | string[]> };
  const parser = new LenientParser(
    {
      head: ({ status, headers }) => Object.assign(parsed, { status, headers: { ...headers } }),
      data: (chunk) => {
        parsed.body += chunk.toString("latin1");
      },
      end: () => parsed.ends++,
    },
    method,
  );
  for (let at = 0; at < answer.length; at += size)
    parser.push(Buffer.from(answer.slice(at, at + size), "latin1"));
  return { ...parsed, parser };
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

test("an answer is parsed in the same way however it is divided into pieces", () => {
  for (const [answer, body] of [
    ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: 1\r\n\r\nhello", "hello"],
    ["\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nA: 1\nContent-Length: 5\n\nhello", "hello"],
    [`${chunked.replace("\r\n\r\n", "\r\nA: 1\r\n\r\n")}3\r\nhel\r\n2;x\nlo\n0\nB: 2\n\n`, "hello"],
    ["HTTP/1.1 204 Nothing\r\nA: 1\r\nContent-Length: 5\r\n\r\n", ""],
  ] as const)
    for (const size of [1, 2, 3, 7, answer.length]) {
      const parsed = read(answer, { size });
      assert.deepEqual([parsed.body, parsed.ends, parsed.headers.a], [body, 1, "1"], `${answer} by ${size}`);
    }
});

test("bytes behind an answer are not part of its body, and an answer to HEAD has no body", () => {
  assert.equal(read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\nevil").body, "hi");
  assert.equal(read(`${chunked}2\r\nhi\r\n0\r\n\r\nevil`).body, "hi");
  const { ends, body } = read("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", { method: "HEAD" });
  assert.deepEqual([ends, body], [1, ""]);
});

test("a body without a length is complete when the connection ends; with a length or in chunks, when all of it has come", () => {
  const endless = read("HTTP/1.0 200 OK\r\n\r\nhi");
  assert.deepEqual([endless.parser.close(), endless.body], [true, "hi"]);
  for (const cut of [
    "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
    `${chunked}3\r\nhi`,
    `${chunked}2\r\nhi\r\n`,
    "HTTP/1.1 200 OK\r\nContent-Le",
    "",
  ])
    assert.equal(read(cut).parser.close(), false, cut);
});

for (const [what, answer, words] of [
  ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n", /two lengths/],
  ["a length of letters", "HTTP/1.1 200 OK\r\nContent-Length: 0x2\r\n\r\n", /no number/],
  [
    "chunks that are less than the length",
    `HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    /fit together/,
  ],
  [
    "chunks that are more than the length",
    `HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
    /fit together/,
  ],
  ["a chunk that is longer than it says", `${chunked}1\r\nhi\r\n0\r\n\r\n`, /longer/],
  ["a chunk of a negative size", `${chunked}-1\r\nhi\r\n0\r\n\r\n`, /no number/],
  ["a chunk's size without an end", `${chunked}1;${"x".repeat(20_000)}`, /more than 16384/],
  ["no end of lines behind its body", `${chunked}0\r\n${"A: 1\r\n".repeat(2_000)}`, /no end/],
  ["a head without an end", `HTTP/1.1 200 OK\r\nA: ${"x".repeat(300_000)}`, /more than 262144/],
  ["no status line", "NTTP/1.1 200 OK\r\n\r\n", /first line/],
] as const)
  test(`an answer with ${what} is not read`, () => {
    assert.throws(() => read(answer, { size: 1000 }), words);
  });

test("a head made to keep the parser busy is parsed in less than two seconds of CPU time", () => {
  const began = process.cpuUsage();
  for (const lines of [
    "a:\n".repeat(80_000),
    `Content-Length: ${" ".repeat(250_000)}x\n`,
    "\ta\n".repeat(80_000),
  ])
    try {
      read(`HTTP/1.1 200 OK\nA: b\n${lines}\n`, { size: 65_536 });
    } catch (error) {
      assert.match(String(error), /no number/);
    }
  const { user, system } = process.cpuUsage(began);
  assert.ok(user + system < 2_000_000, `${user + system} us of processor time`);
});
