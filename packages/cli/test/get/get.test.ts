import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError, FatalError, HostError, SourceError } from "@brigade/core";
import { ChecksumError } from "../../src/get/checksum.ts";
import { configureGet, type GetFlags } from "../../src/get/configuration.ts";
import { failureOf } from "../../src/get/failure.ts";

const url = "https://example.com/a.zip";

function configure(flags: GetFlags, urls: readonly string[] = [url]) {
  return configureGet(urls, flags, {});
}

function problems(flags: GetFlags, urls?: readonly string[]): readonly string[] {
  try {
    configure(flags, urls);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "brigade-get-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("without flags: eight connections, 1 MiB, ten retries, 30 seconds, here", () => {
  const { connections, minSegment, retries, maxTimeSilent, bandwidth, directory, http } = configure({});
  assert.deepEqual(
    [connections, minSegment, retries, maxTimeSilent, bandwidth],
    [8, 1_048_576, 10, 30_000, undefined],
  );
  assert.equal(directory, process.cwd());
  assert.equal(http.tls.rejectUnauthorized, true);
});

test("flags are read with their units", () => {
  const read = configure({ minSegment: "64KiB", limitRate: "2MB", maxTimeSilent: "2.5", connections: "16" });
  assert.deepEqual(
    [read.minSegment, read.bandwidth, read.maxTimeSilent, read.connections],
    [65_536, 2_000_000, 2500, 16],
  );
});

test("all problems are reported together, each naming its flag", () => {
  const told = problems({
    connections: "0",
    minSegment: "0",
    limitRate: "fast",
    maxTimeSilent: "-1",
    retries: "many",
    checksum: "sha256:abc",
    proxy: "ftp://proxy",
    cookieFile: "/no/such/file",
    header: ["@/no/such/file", "no colon", "Range: bytes=0-1"],
    referer: "two\nlines",
  }).join("\n");
  for (const flag of [
    "--connections",
    "--min-segment",
    "--limit-rate",
    "--max-time-silent",
    "--retries",
    "--checksum",
    "--proxy",
    "--cookie-file",
    "--header: /no/such/file",
    'must be "Name: value"',
    "Range cannot be set",
    "the value of Referer|--header: must be",
  ])
    assert.match(told, new RegExp(flag), told);
});

test("what fits one file only is refused for several", () => {
  const several = [url, "https://example.com/b.zip"];
  assert.equal(problems({ output: "a.zip" }, several).length, 1);
  assert.equal(problems({ checksum: `md5:${"0".repeat(32)}` }, several).length, 1);
  assert.deepEqual(problems({ directory: tmpdir() }, several), []);
});

test("-o is a file in a folder that is there, -d a folder", (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "file"), "");
  assert.match(problems({ output: folder }).join(), /-d/);
  assert.match(problems({ output: join(folder, "no/a.zip") }).join(), /no folder/);
  assert.match(problems({ directory: join(folder, "file") }).join(), /not a folder/);
  assert.deepEqual(problems({ output: join(folder, "a.zip") }), []);
});

test("URLs of other schemes are refused, without showing their password", () => {
  const told = problems({}, ["ftp://me:geheim@example.com/a", "example.com/a.zip"]);
  assert.equal(told.length, 2);
  assert.doesNotMatch(told.join(), /geheim/);
});

test("headers come from arguments and from files; Referer and User-Agent among them travel as such", (t) => {
  const path = join(scratch(t), "headers");
  writeFileSync(path, "# a comment\nAuthorization: Bearer 1\r\n\nReferer: https://example.com/\n");
  const { http } = configure({ header: [`@${path}`, "User-Agent:  Mozilla", "X-Empty:"] });
  assert.deepEqual(http.headers, [
    ["Authorization", "Bearer 1"],
    ["X-Empty", ""],
  ]);
  assert.deepEqual([http.referer, http.userAgent], ["https://example.com/", "Mozilla"]);
});

test("a bad line of a header file is named by its number, never shown", (t) => {
  const path = join(scratch(t), "headers");
  writeFileSync(path, "A: 1\ngeheim\n");
  const told = problems({ header: [`@${path}`] }).join();
  assert.match(told, /line 2/);
  assert.doesNotMatch(told, /geheim/);
});

test("a checksum is read in any case", () => {
  assert.deepEqual(configure({ checksum: `SHA1:${"AB".repeat(20)}` }).checksum, {
    algorithm: "sha1",
    digest: "ab".repeat(20),
  });
});

test("every failure has its exit code, and only what would befall the next URL too stops all", () => {
  const cases = [
    [new ConfigError(["is there already"]), 2, false],
    [new SourceError("missing", "404"), 3, false],
    [new SourceError("forbidden", "403"), 3, false],
    [new SourceError("unauthorized", "401"), 3, false],
    [new ChecksumError("wrong"), 3, false],
    [new FatalError("tried 11 times"), 4, false],
    [new SourceError("misconfigured", "the proxy refuses us"), 4, true],
    [new HostError("full", "no room"), 4, true],
  ] as const;
  for (const [error, exitCode, stopsAll] of cases) {
    const failure = failureOf(error);
    assert.deepEqual([failure?.exitCode, failure?.stopsAll], [exitCode, stopsAll], error.message);
  }
  assert.equal(failureOf(new TypeError("ours")), undefined);
});
