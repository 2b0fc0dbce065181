import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "@brigade/core";
import { parseSource, sourceNames } from "../src/index.ts";

const credentials = { UPYUN_OPERATOR: "op", UPYUN_PASSWORD: "pw" };

test("splits a URL into name, prefix, and a source of its own variables", async () => {
  const reference = parseSource("upyun://My.Bucket/a b/中%20/", {});
  assert.deepEqual([reference.name, reference.prefix], ["my-bucket", "a b/中%20"]);
  await using source = reference.create({ ...credentials, MY_BUCKET_FETCH_CONCURRENCY: "7" }, "my-bucket");
  assert.equal(source.concurrency, 7);
  assert.equal(source.manyOrigins, false);
});

test("schemes of URLs ignore case", () => {
  assert.equal(parseSource("UPYUN://Photos/a", {}).prefix, "a");
  assert.equal(parseSource("HTTPS://Files.example.com/A/", {}).name, "files-example-com");
  assert.equal(parseSource("List:urls.txt", {}).name, "urls");
  assert.throws(() => parseSource("a", { SOURCES: "a=LIST:-" }), /standard input/);
});

test("accepts the bucket's root with and without a slash", () => {
  assert.equal(parseSource("upyun://photos", {}).prefix, "");
  assert.equal(parseSource("upyun://photos/", {}).prefix, "");
});

test("resolves a configured name to its URL in SOURCES", () => {
  const reference = parseSource("my-photos", {
    SOURCES: "docs=upyun://docs my-photos=upyun://bucket-7/2016",
  });
  assert.deepEqual([reference.name, reference.prefix], ["my-photos", "2016"]);
});

for (const sources of [
  "photos",
  "Photos=upyun://a",
  "photos=upyun://a photos=upyun://b",
  "photos=ftp://host/",
]) {
  test(`refuses SOURCES=${sources}`, () => {
    assert.throws(() => parseSource("photos", { SOURCES: sources }), ConfigError);
  });
}

for (const text of [
  "photos",
  "Photos",
  "",
  "ftp://host/",
  "upyun:bucket",
  "upyun://",
  "upyun://a b/",
  "upyun://b/a//b",
  "upyun://b/../c",
  "toString:x",
  "__proto__:x",
]) {
  test(`refuses ${JSON.stringify(text)} as a source`, () => {
    assert.throws(() => parseSource(text, {}), ConfigError);
  });
}

/** With "secret" as a password, or a part of it. */
const withPassword = [
  "photos=https://user:secret@host/",
  "photos=https:user:secret@host/",
  "photos=HTTPS:\\\\user:secret@host/",
  "photos=https://secret@host/",
  "photos=upyun://op:secret@bucket/",
  "docs=upyun://docs photos=https://user:secret word@host/",
  "https://user:secret@host/",
  "photos=https://user:se/secret@host/",
];
for (const sources of withPassword) {
  test(`refuses SOURCES=${sources}, and does not print the password`, () => {
    assert.throws(
      () => parseSource("photos", { SOURCES: sources }),
      (error) => error instanceof ConfigError && !error.message.includes("secret"),
    );
  });
}

test("a password in a URL of SOURCES is refused with the variables that it belongs into, also where URLs are not looked at", () => {
  const problemOf = (url: string) => {
    try {
      return sourceNames({ SOURCES: `my-photos=${url}` }).join();
    } catch (error) {
      return error instanceof ConfigError ? error.message : "another error";
    }
  };
  assert.match(problemOf("https://u:p@host/"), /MY_PHOTOS_SITE_USER and MY_PHOTOS_SITE_PASSWORD/);
  assert.match(problemOf("upyun://u:p@bucket"), /MY_PHOTOS_UPYUN_OPERATOR and MY_PHOTOS_UPYUN_PASSWORD/);
  assert.equal(problemOf("list:a@b.txt"), "my-photos");
  assert.equal(problemOf("https://host/a@b/"), "my-photos");
  assert.equal(problemOf("upyun://bucket/a:b@c"), "my-photos");
});

test("reports missing credentials as problems", () => {
  assert.throws(() => parseSource("upyun://photos", {}).create({}, "photos"), {
    name: "ConfigError",
    problems: ["UPYUN_OPERATOR: is not set", "UPYUN_PASSWORD: is not set"],
  });
});
