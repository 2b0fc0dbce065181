import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { z } from "zod";
import {
  byteSize,
  ConfigError,
  flag,
  httpUrl,
  integer,
  parseEnvironment,
  valueOrThrow,
} from "../src/index.ts";

const schema = z.object({
  BUCKET: z.string(),
  PAGE_SIZE: integer({ min: 1, max: 10_000 }).default(1_000),
  BATCH_BYTES: byteSize.optional(),
  VERBOSE: flag.default(false),
  DOMAIN: httpUrl.optional(),
});

describe("parseEnvironment", () => {
  test("reads its own variables, leaves others alone and fills in defaults", () => {
    const parsed = parseEnvironment(schema, { BUCKET: "b", VERBOSE: "yes", PATH: "/bin", SECRET: "s" });
    assert.deepEqual(parsed, { value: { BUCKET: "b", PAGE_SIZE: 1_000, VERBOSE: true } });
  });

  test("reports every problem at once, each naming its variable", () => {
    const parsed = parseEnvironment(schema, {
      PAGE_SIZE: "0",
      BATCH_BYTES: "many",
      VERBOSE: "perhaps",
      DOMAIN: "ftp://x",
    });
    assert.ok("problems" in parsed);
    assert.deepEqual(
      parsed.problems.map((problem) => problem.split(":")[0]),
      ["BUCKET", "PAGE_SIZE", "BATCH_BYTES", "VERBOSE", "DOMAIN"],
    );
    assert.equal(parsed.problems[0], "BUCKET: is not set");
    assert.match(parsed.problems[2] ?? "", /a size such as/);
  });

  test("reports a required choice as not set, not as wrong", () => {
    const required = z.object({ VERBOSE: flag });
    assert.deepEqual(parseEnvironment(required, {}), { problems: ["VERBOSE: is not set"] });
  });

  test("treats empty and blank as not set", () => {
    assert.deepEqual(parseEnvironment(schema, { BUCKET: " ", PAGE_SIZE: "" }), {
      problems: ["BUCKET: is not set"],
    });
  });

  test("lets the source's own variable win over the shared one", () => {
    const environment = { BUCKET: "shared", PHOTOS_BUCKET: "own", PAGE_SIZE: "5", PHOTOS_PAGE_SIZE: "" };
    const parsed = parseEnvironment(schema, environment, "PHOTOS");
    assert.ok("value" in parsed);
    assert.equal(parsed.value.BUCKET, "own");
    assert.equal(parsed.value.PAGE_SIZE, 5, "an empty own variable does not hide the shared one");
  });

  test("lets a blank own variable fall back to the shared one", () => {
    const parsed = parseEnvironment(schema, { BUCKET: "shared", PHOTOS_BUCKET: "  " }, "PHOTOS");
    assert.ok("value" in parsed);
    assert.equal(parsed.value.BUCKET, "shared");
  });

  test("names the variable that was read, own or shared", () => {
    const parsed = parseEnvironment(schema, { BUCKET: "b", PHOTOS_PAGE_SIZE: "x", VERBOSE: "x" }, "PHOTOS");
    assert.ok("problems" in parsed);
    assert.deepEqual(
      parsed.problems.map((problem) => problem.split(":")[0]),
      ["PHOTOS_PAGE_SIZE", "VERBOSE"],
    );
  });

  test("gives a frozen value", () => {
    const value = valueOrThrow(parseEnvironment(schema, { BUCKET: "b" }));
    assert.throws(() => {
      value.BUCKET = "c";
    }, TypeError);
  });

  test("valueOrThrow throws all problems in one error", () => {
    assert.throws(
      () => valueOrThrow(parseEnvironment(schema, { PAGE_SIZE: "x" })),
      (error) => error instanceof ConfigError && error.problems.length === 2 && error.message.includes("\n"),
    );
  });
});

describe("byteSize", () => {
  const sizes: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["500", 500],
    ["500B", 500],
    ["64KiB", 65_536],
    ["64k", 65_536],
    ["64KB", 64_000],
    ["1.5 GiB", 1_610_612_736],
    ["20GB", 20_000_000_000],
    ["2TiB", 2 * 1024 ** 4],
  ];
  for (const [text, bytes] of sizes) {
    test(`reads ${text} as ${bytes} bytes`, () => assert.equal(byteSize.parse(text), bytes));
  }

  for (const text of ["-1", "1.2.3", "64XB", "KB", "1e6", "0x10", "5 5"]) {
    test(`refuses ${text}`, () => assert.equal(byteSize.safeParse(text).success, false));
  }
});

describe("integer", () => {
  test("refuses signs, fractions, exponents and what is beyond its bounds", () => {
    for (const text of ["-1", "+1", "1.0", "1e3", "0x1", "one", "11", "1", "99999999999999999999"]) {
      assert.equal(integer({ min: 2, max: 10 }).safeParse(text).success, false, text);
    }
    assert.equal(integer({ min: 2, max: 10 }).parse("10"), 10);
  });

  test("refuses a number that no double holds exactly", () => {
    assert.equal(integer().safeParse("9007199254740993").success, false);
  });
});

describe("httpUrl", () => {
  test("refuses credentials, queries, fragments and other schemes", () => {
    const refused = [
      "http://user@host/",
      "http://:secret@host/",
      "http://host/?a=1",
      "http://host/#a",
      "ftp://host/",
      "host",
    ];
    for (const text of refused) assert.equal(httpUrl.safeParse(text).success, false, text);
    for (const text of ["http://host", "https://host:8443/path/"]) assert.equal(httpUrl.parse(text), text);
  });
});
