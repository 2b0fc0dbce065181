import assert from "node:assert/strict";
import { CookieJar } from "@brigade/sources/get";
import fc from "fast-check";
import { AmbiguousAnswer } from "../../packages/sources/src/http/lenient/answer-head.ts";
import { LenientParser } from "../../packages/sources/src/http/lenient/lenient-parser.ts";
import { contentCoding } from "../../packages/sources/src/http/reading/content-coding.ts";
import { md5OfHex } from "../../packages/sources/src/http/reading/digests.ts";
import { locationOf } from "../../packages/sources/src/http/reading/location.ts";
import { retryAfterMs } from "../../packages/sources/src/http/reading/retry-after.ts";
import { stateOf, validatorOf } from "../../packages/sources/src/http/reading/validator.ts";
import { extraHeaders } from "../../packages/sources/src/http/requests/extra-headers.ts";
import { dispositionName, safeName, urlName } from "../../packages/sources/src/http-file/file-name.ts";
import { allowedHop } from "../../packages/sources/src/upyun/objects/redirect.ts";
import { type Family, never, reads } from "./family.ts";
import { foreignText, spoiled } from "./foreign.ts";

const words = [
  ...[
    "attachment",
    "filename=",
    "filename*=",
    "UTF-8''",
    "iso-8859-1'en'",
    '"a.zip"',
    "%E6%96%87",
    "a.zip",
    ".part",
  ],
  ...["bytes ", "0-9/10", "*/10", "W/", '"etag"', "Wed, 09 Nov 2016 14:26:58 GMT", "120", "gzip", "identity"],
  ...["http://", "https://", "a.example", "//b.example", "/a b", "?q", "#f", "[::1]", ":8080", "user@"],
  ...["name=value", "Path=/", "Domain=", "Secure", "Max-Age=", "Expires=", "#HttpOnly_", "TRUE", "FALSE"],
];
const text = foreignText(words);
const disposition = spoiled(
  fc.constant(`attachment; filename="a b.zip"; filename*=UTF-8''%E6%96%87.zip`),
  words,
);
const cookieLine = spoiled(fc.constant(".a.example\tTRUE\t/\tFALSE\t1800000000\tname\tvalue\n"), words);

const answerWords = [
  ...[
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 100 Continue\r\n\r\n",
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "0",
    "5",
    "ffffffff",
  ],
  ...[
    "Content-Length: 5",
    "Content-Length",
    "Transfer-Encoding: chunked",
    "gzip",
    "X: y",
    "__proto__: a",
    "5\r\nhello\r\n0\r\n\r\n",
  ],
];
const malformedAnswer = spoiled(
  fc.constantFrom(
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n0\n\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\nA: b\r\n\r\n",
  ),
  answerWords,
);

/** Nothing in a value may end a header. */
function assertSendable(value: string | undefined): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what no header holds
  assert.doesNotMatch(value ?? "", /[\0-\x08\n-\x1f\x7f]/);
}

function readAll(value: string): void {
  const names = ["retry-after", "etag", "last-modified", "location", "content-encoding"];
  const headers = Object.fromEntries(names.map((name) => [name, value]));
  const wait = retryAfterMs(headers, 1_700_000_000_000);
  assert.ok(wait === undefined || (wait >= 0 && Number.isFinite(wait)), `waits for ${wait} ms`);
  validatorOf(headers);
  stateOf(headers);
  contentCoding(headers);
  md5OfHex(value);
  assert.match(locationOf(headers) ?? "", /^[\x21-\x7e]*$/);
  allowedHop({ origin: "http://a.example", target: "/a" }, value);
}

/** Reads an answer that comes in pieces of this number of bytes; `undefined` if it is refused. */
function answerOf(answer: string, size: number): { body: string; isWhole: boolean } | undefined {
  let body = "";
  const parser = new LenientParser(
    {
      head: ({ length }) => assert.ok(length === undefined || Number.isSafeInteger(length), `${length}`),
      data: (chunk) => {
        body += chunk.toString("latin1");
      },
      end: () => undefined,
    },
    "GET",
  );
  try {
    for (let at = 0; at < answer.length; at += size)
      parser.push(Buffer.from(answer.slice(at, at + size), "latin1"));
  } catch (error) {
    if (error instanceof AmbiguousAnswer) return undefined;
    throw error;
  }
  return { body, isWhole: parser.close() };
}

export const family: Family = {
  name: "headers",
  properties: [
    reads(
      "a malformed answer is read in the same way however it is divided into pieces, or is refused",
      fc.oneof(malformedAnswer, foreignText(answerWords)),
      (answer) => {
        const whole = answerOf(answer, answer.length || 1);
        for (const size of [7, 4096]) assert.deepEqual(answerOf(answer, size), whole);
        assert.ok((whole?.body.length ?? 0) <= answer.length);
      },
      never,
    ),
    reads("Retry-After, ETag, Location, Content-Encoding of any kind are read", text, readAll, never),
    reads(
      "whatever Content-Disposition says, the file's name is safe in any folder",
      fc.oneof(text, disposition),
      (header) => {
        const name = safeName(dispositionName(header) ?? "");
        assert.ok(name !== "" && !/[/\\\0]/.test(name) && !/^[.-]/.test(name), name);
        assert.ok(Buffer.byteLength(name) <= 255, `${Buffer.byteLength(name)} bytes`);
        assert.equal(safeName(name), name, "a safe name stays as it is");
      },
      never,
    ),
    reads(
      "whatever a URL's path is, it has a name",
      fc.oneof(text, fc.webUrl()),
      (path) => {
        if (URL.canParse(path, "http://a.example/")) safeName(urlName(new URL(path, "http://a.example/")));
      },
      never,
    ),
    reads(
      "files of cookies are read line by line",
      fc.oneof(text, cookieLine),
      (lines) => {
        const jar = new CookieJar(() => 1_700_000_000_000);
        jar.read(lines);
        for (const url of ["http://a.example/", "https://www.a.example/x"])
          assertSendable(jar.header(new URL(url)));
      },
      never,
    ),
    reads(
      "cookies that a server sets go back to it, and to no other host",
      text,
      (header) => {
        const jar = new CookieJar(() => 1_700_000_000_000);
        jar.set(new URL("http://a.b.example/x/"), header);
        assertSendable(jar.header(new URL("http://a.b.example/x/y")));
        for (const other of ["http://c.example/x/", "http://example/x/", "http://a.b.example:81/x/"])
          assert.equal(jar.header(new URL(other)), undefined, other);
      },
      never,
    ),
    reads(
      "EXTRA_HEADERS becomes headers that can be sent, or a problem",
      text,
      (value) => {
        for (const part of extraHeaders.safeParse(value).data ?? [])
          assertSendable(part.replaceAll("\t", " "));
      },
      never,
    ),
  ],
};
