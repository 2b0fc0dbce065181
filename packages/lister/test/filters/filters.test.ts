import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Filters } from "@brigade/core";
import { createFilter } from "../../src/filters/filters.ts";

function wants(filters: Filters, key: string, { size = 10, modified = 1_000 } = {}): boolean {
  const slash = key.lastIndexOf("/");
  const [directory, name] = slash < 0 ? ["", key] : [key.slice(0, slash), key.slice(slash + 1)];
  return createFilter(filters).wantsFile(directory, { name, size, modified });
}

describe("filters", () => {
  test("choose everything when there are none", () => {
    assert.ok(wants({}, "a/b.jpg"));
    assert.ok(createFilter({}).wantsDirectory("a"));
  });

  test("include by glob on the whole key", () => {
    const filters = { include: ["2024/**", "2025/*.png"] };
    assert.ok(wants(filters, "2024/01/02/a.jpg"));
    assert.ok(wants(filters, "2025/a.png"));
    assert.ok(!wants(filters, "2025/01/a.png"));
    assert.ok(!wants(filters, "2023/a.jpg"));
  });

  test("match the last part when the pattern has no slash, hidden files too", () => {
    assert.ok(wants({ include: ["*.jpg"] }, "a/b/c.jpg"));
    assert.ok(wants({ include: ["*.jpg"] }, "a/.hidden.jpg"));
    assert.ok(!wants({ include: ["*.jpg"] }, "a.jpg/c.png"));
  });

  test("let exclude win over include", () => {
    const filters = { include: ["*.jpg"], exclude: ["tmp/**"] };
    assert.ok(wants(filters, "a/x.jpg"));
    assert.ok(!wants(filters, "tmp/x.jpg"));
  });

  test("bound sizes, the bounds included", () => {
    const filters = { minSize: 5, maxSize: 10 };
    assert.deepEqual(
      [4, 5, 10, 11].map((size) => wants(filters, "a", { size })),
      [false, true, true, false],
    );
  });

  test("choose what was modified since a moment, that moment included", () => {
    const filters = { modifiedSince: 1_000 };
    assert.deepEqual(
      [999, 1_000, 1_001].map((modified) => wants(filters, "a", { modified })),
      [false, true, true],
    );
  });

  test("do not walk a directory that is excluded, by its name, its path or all below it", () => {
    const filter = createFilter({ exclude: ["cache", "a/tmp", "b/**"] });
    assert.deepEqual(
      ["cache", "x/cache", "a/tmp", "b", "b/c"].map((path) => filter.wantsDirectory(path)),
      [false, false, false, false, false],
    );
    assert.deepEqual(
      ["caches", "tmp", "x/tmp", "bb", "a"].map((path) => filter.wantsDirectory(path)),
      [true, true, true, true, true],
    );
  });

  test("walk a directory when only some of its files are excluded", () => {
    const filter = createFilter({ exclude: ["a/*.tmp"], include: ["a/b/*.jpg"] });
    assert.ok(filter.wantsDirectory("a"));
    assert.ok(filter.wantsDirectory("a/b"));
  });
});
