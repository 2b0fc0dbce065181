import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FilesMessage } from "@brigade/core";
import { LatestWitnesses, witnessesOf } from "../../src/page/witnesses.ts";
import { at, files, job, ListedBucket, setUp } from "../set-up.ts";

/** All files with these beginnings of their names are unchanged. */
const unchanged = (...beginnings: string[]) => ({
  unchanged: async (_job: unknown, _directory: string, listed: readonly { readonly name: string }[]) =>
    listed.map(({ name }) => beginnings.some((beginning) => name.startsWith(beginning))),
});

const keysIn = (batches: readonly FilesMessage[]) =>
  batches.map(({ witnesses = [] }) => witnesses.map(({ key }) => key));

describe("witnesses among the files of a page", () => {
  test("are a few unchanged ones, small ones from all over the page, and none that is empty", () => {
    const page = files(
      ...Array.from({ length: 800 }, (_, n) => `f${n}:${n % 100 === 7 ? 5 : 50}`),
      "empty:0",
    );
    const found = witnessesOf("d", page, Array(801).fill(true));
    assert.deepEqual(
      found.map(({ key }) => key),
      [7, 107, 207, 307, 407, 507, 607, 707].map((n) => `d/f${n}`),
    );
    assert.deepEqual(found[0], { key: "d/f7", size: 5 });
  });

  test("are none where nothing is unchanged, and none with a name that makes messages long", () => {
    assert.deepEqual(witnessesOf("d", files("a", "b"), [false, false]), []);
    assert.deepEqual(witnessesOf("d", files("a".repeat(400)), [true]), []);
  });

  test("have no size where only a HEAD had one", () => {
    const page = [{ name: "a", size: 5, unproven: true as const }];
    assert.deepEqual(witnessesOf("", page, [true]), [{ key: "a" }]);
  });
});

describe("batches", () => {
  test("name unchanged files of their page, each batch other ones", async () => {
    const names = Array.from({ length: 16 }, (_, n) => `old${n}`);
    const bucket = new ListedBucket({ "": [{ files: files(...names, "new1", "new2", "new3") }] });
    const { broker } = await setUp(bucket, { history: unchanged("old"), options: { batchFiles: 1 } });
    await broker.deliver("directories", at());
    const keys = keysIn(broker.publishedOf("files"));
    assert.deepEqual(
      keys.map(({ length }) => length),
      [2, 2, 2],
    );
    assert.equal(new Set(keys.flat()).size, 6);
    assert.ok(keys.flat().every((key) => names.includes(key)));
  });

  test("name unchanged files of pages before, where their own page has none", async () => {
    const bucket = new ListedBucket({ a: [{ files: files("old") }], b: [{ files: files("new") }] });
    const { broker } = await setUp(bucket, { history: unchanged("old") });
    for (const directory of ["a", "b"]) await broker.deliver("directories", at({ directory }));
    assert.deepEqual(keysIn(broker.publishedOf("files")), [["a/old"]]);
  });

  test("name nothing that was unchanged in an earlier job, and nothing at all where nothing is", async () => {
    const bucket = new ListedBucket({ a: [{ files: files("old") }], b: [{ files: files("new") }] });
    const { broker } = await setUp(bucket, { history: unchanged("old") });
    await broker.deliver("directories", at({ directory: "a" }));
    await broker.deliver("directories", { ...at({ directory: "b" }), job: { ...job, id: "later" } });
    const [batch, ...more] = broker.publishedOf("files");
    assert.ok(batch !== undefined && more.length === 0 && !("witnesses" in batch));
  });

  test("grow by 120 bytes at most for usual names, and name the latest 32, however much is unchanged", () => {
    const latest = new LatestWitnesses();
    const page = files(...Array.from({ length: 10_000 }, (_, n) => `picture-${n}.jpg:${33_000 + n}`));
    for (let n = 0; n < 100; n++) latest.add(job, witnessesOf(`2024/${n}`, page, Array(10_000).fill(true)));
    const message: FilesMessage = { v: 1, type: "files", job, slices: [], attempt: 0 };
    const messages = latest.spreadOver(Array(100).fill(message));
    const grown = JSON.stringify(messages[0]).length - JSON.stringify(message).length;
    assert.ok(grown <= 120, `${grown} bytes`);
    const directories = keysIn(messages).flatMap((keys) => keys.map((key) => key.slice(0, 7)));
    assert.deepEqual([...new Set(directories)].sort(), ["2024/96", "2024/97", "2024/98", "2024/99"]);
  });
});
