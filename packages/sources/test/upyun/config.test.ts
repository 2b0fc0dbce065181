import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { clientOptions } from "../../src/http/fetch-variables.ts";
import { noProxies } from "../../src/http/proxies/proxies.ts";
import { fingerprint, readConfig, upyunVariables } from "../../src/upyun/config.ts";

const credentials = { UPYUN_OPERATOR: "op", UPYUN_PASSWORD: "pw" };
const read = (more: Record<string, string> = {}) =>
  readConfig({ ...credentials, ...more }, "bucket", "my-photos");

function problems(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment, "bucket", "my-photos");
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.problems;
  }
  return [];
}

test("needs no more than credentials", () => {
  const config = read();
  assert.equal(config.UPYUN_ENDPOINT, "https://v0.api.upyun.com");
  assert.deepEqual(
    [config.LIST_PAGE_SIZE, config.FETCH_CONCURRENCY, config.SILENCE_TIMEOUT_MS],
    [1000, { most: 512, isSought: true }, 30_000],
  );
  assert.deepEqual(
    [config.separator, config.EXTRA_HEADERS, clientOptions(config).proxies],
    ["!", [], noProxies],
  );
  assert.ok(Object.isFrozen(config));
});

test("reports all problems together, each by its variable", () => {
  const found = problems({
    UPYUN_OPERATOR: "a:b",
    MY_PHOTOS_LIST_PAGE_SIZE: "20000",
    UPYUN_ENDPOINT: "http://store.example.com",
    UPYUN_AUTH: "basic",
    UPYUN_VERSION: "!s400",
    UPYUN_SEPARATOR: "-",
    EXTRA_HEADERS: "Authorization: mine",
    HTTPS_PROXY: "ftp://x",
  });
  const names = found.map((line) => line.slice(0, line.indexOf(":"))).sort();
  assert.deepEqual(names, [
    "EXTRA_HEADERS",
    "HTTPS_PROXY",
    "MY_PHOTOS_LIST_PAGE_SIZE",
    "UPYUN_AUTH",
    "UPYUN_OPERATOR",
    "UPYUN_PASSWORD",
    "UPYUN_VERSION",
    "UPYUN_VERSION",
  ]);
  assert.doesNotMatch(found.join("\n"), /mine/);
});

test("prefers a source's own variables", () => {
  assert.equal(read({ MY_PHOTOS_UPYUN_OPERATOR: "own" }).UPYUN_OPERATOR, "own");
  assert.equal(read({ MY_PHOTOS_UPYUN_OPERATOR: "" }).UPYUN_OPERATOR, "op");
});

test("lets Basic go over http to this machine only", () => {
  assert.equal(read({ UPYUN_AUTH: "basic" }).UPYUN_AUTH, "basic");
  assert.equal(read({ UPYUN_AUTH: "basic", UPYUN_ENDPOINT: "http://127.0.0.1:8080" }).UPYUN_AUTH, "basic");
  for (const host of ["v0.api.upyun.com", "127.0.0.1.example.com", "localhost.example.com"])
    assert.equal(
      problems({ ...credentials, UPYUN_AUTH: "basic", UPYUN_ENDPOINT: `http://${host}` }).length,
      1,
      host,
    );
});

test("accepts a domain as a host, then over https, or as a URL without a path", () => {
  assert.equal(read({ UPYUN_DOMAIN: "pics.example.com" }).UPYUN_DOMAIN, "https://pics.example.com");
  assert.equal(
    read({ UPYUN_DOMAIN: "http://Pics.example.com:8080/" }).UPYUN_DOMAIN,
    "http://pics.example.com:8080",
  );
  for (const domain of ["http://h/path", "http://u:p@h", "ftp://h", "h?x"])
    assert.notEqual(problems({ ...credentials, UPYUN_DOMAIN: domain }).length, 0, domain);
});

test("accepts a version with its separator, on a domain only", () => {
  const UPYUN_DOMAIN = "pics.example.com";
  assert.equal(read({ UPYUN_DOMAIN, UPYUN_VERSION: "_s400" }).separator, "_");
  assert.equal(read({ UPYUN_DOMAIN, UPYUN_VERSION: "!/fw/300/quality/80" }).separator, "!");
  for (const version of ["s400", "!", "!a b", "!a?b", "!a#b", "!s\u00e9"])
    assert.notEqual(problems({ ...credentials, UPYUN_DOMAIN, UPYUN_VERSION: version }).length, 0, version);
  assert.match(problems({ ...credentials, UPYUN_VERSION: "!s400" }).join(), /needs UPYUN_DOMAIN/);
});

test("accepts extra headers in lines or as JSON", () => {
  const expected = ["X-One", "1: a", "X-Two", ""];
  assert.deepEqual(read({ EXTRA_HEADERS: "X-One: 1: a\r\n\n X-Two:" }).EXTRA_HEADERS, expected);
  assert.deepEqual(read({ EXTRA_HEADERS: '{"X-One": "1: a", "X-Two": ""}' }).EXTRA_HEADERS, expected);
  for (const text of [
    "no colon",
    "bad name: x",
    '{"X": 1}',
    "{",
    "Range: bytes=0-",
    "X: \u4e2d",
    '{"X": "a\\nb"}',
  ])
    assert.equal(problems({ ...credentials, EXTRA_HEADERS: text }).length, 1, text);
});

test("accepts proxies in upper and lower case, lower first, with or without a scheme", () => {
  const environment = {
    http_proxy: "proxy:3128",
    HTTP_PROXY: "http://other",
    HTTPS_PROXY: "http://u:p@proxy:1",
    no_proxy: "a,b",
  };
  const { http, https, except } = clientOptions(read(environment)).proxies;
  assert.deepEqual([http?.url.href, http?.setBy], ["http://proxy:3128/", "http_proxy"]);
  assert.deepEqual([https?.url.href, https?.setBy], ["http://u:p@proxy:1/", "HTTPS_PROXY"]);
  assert.equal(except, "a,b");
  const socks = clientOptions(read({ ALL_PROXY: "socks5h://proxy:1080" })).proxies;
  assert.deepEqual([socks.http?.url.href, socks.https?.setBy], ["socks5://proxy:1080", "ALL_PROXY"]);
});

test("makes the fingerprint of all that decides which bytes come back, and of nothing else", () => {
  const UPYUN_DOMAIN = "pics.example.com";
  const print = (more: Record<string, string>) => fingerprint(read(more));
  const different = [
    print({}),
    print({ UPYUN_DOMAIN }),
    print({ UPYUN_DOMAIN: "other.example.com" }),
    print({ UPYUN_DOMAIN, UPYUN_VERSION: "!s400" }),
    print({ UPYUN_DOMAIN, UPYUN_VERSION: "!s200" }),
    print({ UPYUN_DOMAIN, UPYUN_VERSION: "!s400", UPYUN_VERSION_FALLBACK: "fail" }),
    fingerprint(readConfig(credentials, "other", "my-photos")),
  ];
  assert.equal(new Set(different).size, different.length);
  assert.match(print({}), /^[0-9a-f]{64}$/);
  const same = {
    UPYUN_ENDPOINT: "https://v1.api.upyun.com",
    UPYUN_OPERATOR: "x",
    UPYUN_AUTH: "basic",
    REFERER: "r",
  };
  assert.equal(print(same), print({}));
  assert.equal(print({ UPYUN_VERSION_FALLBACK: "fail" }), print({}));
  assert.equal(print({ UPYUN_DOMAIN: `http://${UPYUN_DOMAIN}` }), print({ UPYUN_DOMAIN }));
});

test("names its variables", () => {
  assert.ok(upyunVariables.includes("UPYUN_VERSION_FALLBACK") && upyunVariables.includes("no_proxy"));
});
