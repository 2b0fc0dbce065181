import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Slice } from "@brigade/core";
import { packBatches } from "../../src/page/batches.ts";
import { job } from "../set-up.ts";

function slice(page: string, sizes: readonly number[]): Slice {
  return {
    page,
    directory: page,
    files: sizes.map((size, index) => ({ index, name: `f${index}`, size, modified: 1 })),
  };
}

/** Each batch as `page:indexes`. */
function packed(slices: readonly Slice[], files: number, bytes: number): string[] {
  return packBatches(job, slices, { files, bytes }).map((batch) =>
    batch.slices.map((one) => `${one.page}:${one.files.map(({ index }) => index).join("")}`).join(" "),
  );
}

describe("batches", () => {
  test("hold no more files than configured", () => {
    assert.deepEqual(packed([slice("p", [1, 1, 1, 1, 1])], 2, 100), ["p:01", "p:23", "p:4"]);
  });

  test("hold no more bytes than configured", () => {
    assert.deepEqual(packed([slice("p", [4, 6, 1, 9, 1])], 10, 10), ["p:01", "p:23", "p:4"]);
  });

  test("give a file that is larger than a batch may be one of its own", () => {
    assert.deepEqual(packed([slice("p", [1, 50, 1, 1])], 10, 10), ["p:0", "p:1", "p:23"]);
  });

  test("hold slices of several small pages, each file under its own page", () => {
    assert.deepEqual(packed([slice("p", [1]), slice("q", [1, 1]), slice("r", [1, 1])], 4, 100), [
      "p:0 q:01 r:0",
      "r:1",
    ]);
  });

  test("of one file each are possible", () => {
    assert.deepEqual(packed([slice("p", [1, 1]), slice("q", [0])], 1, 1), ["p:0", "p:1", "q:0"]);
  });

  test("are none when there is nothing to fetch", () => {
    assert.deepEqual(packed([], 4, 100), []);
  });
});
