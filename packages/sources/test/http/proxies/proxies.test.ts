import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError, type Environment } from "@brigade/core";
import { chooseProxies } from "@brigade/sources/get";
import { configuredProxies, proxyFor } from "../../../src/http/proxies/proxies.ts";

function chosen(url: string, environment: Environment, asked?: string): string | undefined {
  return proxyFor(new URL(url), chooseProxies(asked, environment))?.url.href;
}

test("the proxy is chosen by scheme; lower case wins, ALL_PROXY fills in, what is empty is not set", () => {
  const environment = { HTTP_PROXY: "upper:1", http_proxy: "lower:2", ALL_PROXY: "socks5h://all:3" };
  assert.equal(chosen("http://a/", environment), "http://lower:2/");
  assert.equal(chosen("http://a/", { ...environment, http_proxy: " " }), "http://upper:1/");
  assert.equal(chosen("https://a/", environment), "socks5://all:3");
  assert.equal(chosen("http://a/", { ...environment, NO_PROXY: "*" }), undefined);
  assert.equal(chosen("http://a/", { ...environment, no_proxy: "b", NO_PROXY: "*" }), "http://lower:2/");
  assert.equal(chosen("http://a/", { HTTPS_PROXY: "https:1" }), undefined);
  assert.equal(chosen("https://a/", { HTTP_PROXY: "http:1" }), undefined);
});

test("--proxy counts before all variables but NO_PROXY; an empty one goes directly", () => {
  const environment = { http_proxy: "lower:2", ALL_PROXY: "ftp://of-no-use", NO_PROXY: "b" };
  assert.equal(chosen("http://a/", environment, "https://asked:4"), "https://asked:4/");
  assert.equal(chosen("https://a/", environment, "asked:4"), "http://asked:4/");
  assert.equal(chosen("http://b/", environment, "asked:4"), undefined);
  assert.equal(chosen("http://a/", environment, ""), undefined);
});

test("variables of one source count before all others, and are named as they are", () => {
  const environment = { http_proxy: "all:1", NO_PROXY: "*", PHOTOS_ALL_PROXY: "own:2", PHOTOS_NO_PROXY: "b" };
  const proxies = configuredProxies(environment, "PHOTOS");
  const proxy = proxyFor(new URL("http://a/"), proxies);
  assert.deepEqual([proxy?.url.host, proxy?.setBy], ["own:2", "PHOTOS_ALL_PROXY"]);
  assert.equal(proxyFor(new URL("http://b/"), proxies), undefined);
  assert.equal(configuredProxies({ http_proxy: "all:1" }, "PHOTOS").http?.setBy, "http_proxy");
});

test("a proxy's scheme ignores case, may be left out, and a path behind it means nothing", () => {
  for (const [text, url] of [
    ["proxy:3128", "http://proxy:3128/"],
    ["HTTP://Proxy:3128/path?query#hash", "http://proxy:3128/"],
    ["https://proxy/path", "https://proxy/"],
    ["SOCKS5H://proxy:1080/path", "socks5://proxy:1080"],
    ["Socks5://[::1]:1080/", "socks5://[::1]:1080"],
    ["http://100%:5%zz@proxy:1", "http://100%25:5%25zz@proxy:1/"],
  ] as const)
    assert.equal(chosen("http://a/", { ALL_PROXY: text }), url, text);
});

test("NO_PROXY names hosts with what is below them, ports, addresses and networks", () => {
  const except =
    "example.com, .other.org *.wild.net,plain:8080 dot. b\u00fccher.example 10.0.0.0/8,192.0.2.0/24:81,[::1]:81,fd00::/8 [fe80::]/10 0:0:0:0:0:0:0:2";
  const direct = (url: string) => chosen(url, { http_proxy: "proxy:1", no_proxy: except }) === undefined;
  for (const url of [
    "http://example.com/",
    "http://a.EXAMPLE.com:99/",
    "http://other.org/",
    "http://a.wild.net/",
    "http://plain:8080/",
    "http://dot/",
    "http://example.com./",
    "http://b\u00fccher.example/",
    "http://10.1.2.3/",
    "http://192.0.2.7:81/",
    "http://[::1]:81/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[::2]/",
  ])
    assert.ok(direct(url), url);
  for (const url of [
    "http://badexample.com/",
    "http://plain/",
    "http://11.1.2.3/",
    "http://192.0.2.7/",
    "http://[::1]/",
    "http://[::ffff:10.1.2.3]/",
    "http://com/",
  ])
    assert.ok(!direct(url), url);
});

test("NO_PROXY names one machine by its network, its name, or either form of an address", () => {
  for (const [except, url] of [
    ["127.0.0.0/8", "http://127.0.0.1:81/"],
    ["127.0.0.1/32", "http://127.0.0.1/"],
    ["0.0.0.0/0", "http://127.0.0.1/"],
    ["localhost", "http://LOCALHOST/"],
    ["::1", "https://[::1]/"],
    ["[::1]:443", "https://[::1]/"],
    ["::/0", "https://[::1]/"],
  ] as const)
    assert.equal(chosen(url, { ALL_PROXY: "proxy:1", NO_PROXY: except }), undefined, `${except} ${url}`);
  for (const except of ["127.0.0.1/33", "127.0.0.1/", "/8", "[", "[]", ":80", "::1/129", "a b:c:d"])
    assert.notEqual(
      chosen("http://127.0.0.1/", { ALL_PROXY: "proxy:1", NO_PROXY: except }),
      undefined,
      except,
    );
});

test("a proxy of another kind is refused, without showing its password", () => {
  const long = "x".repeat(256);
  for (const text of [
    "ftp://me:geheim@host",
    "socks4://me:geheim@host:1",
    "http://",
    `socks5://geheim:${long}@host:1`,
  ])
    assert.throws(
      () => chooseProxies(text, {}),
      (error) => error instanceof ConfigError && !error.message.includes("geheim"),
    );
});
