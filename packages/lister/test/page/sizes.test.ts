import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMessage, mostBytes, mostSum } from "@brigade/core";
import { at, files, ListedBucket, setUp } from "../set-up.ts";

test("a file that is listed with more than 2^50 bytes fails, with the reason; sums stop at 2^53 - 1", async () => {
  const sizes = [mostBytes + 1, mostSum, 1e300, 1.5, ...Array.from({ length: 9 }, () => mostBytes)];
  const bucket = new ListedBucket({ "": [{ files: files(...sizes.map((size, i) => `f${i}:${size}`)) }] });
  const { broker } = await setUp(bucket);
  await broker.deliver("directories", at());
  for (const message of broker.published) decodeMessage(JSON.stringify(message));
  const [record] = broker.publishedOf("page");
  assert.deepEqual([record?.count, record?.bytes], [13, mostSum]);
  const refused = broker
    .publishedOf("result")
    .flatMap(({ pages }) => pages.flatMap(({ objects }) => objects));
  assert.deepEqual(
    refused.map(({ name, outcome, listedSize }) => [name, outcome, listedSize]),
    ["f0", "f1", "f2", "f3"].map((name) => [name, "failed", 0]),
  );
  assert.match(refused[1]?.reason ?? "", /9007199254740991 bytes, and no object has more than 1 PiB/);
});
