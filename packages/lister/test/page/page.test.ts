import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pageId } from "../../src/page/page-id.ts";
import { at, files, job, ListedBucket, setUp } from "../set-up.ts";

describe("a page's messages", () => {
  test("go out as batches and children, then the record, then the next page, each confirmed first, then the verdict", async () => {
    const bucket = new ListedBucket({ "": [{ files: files("a", "b"), directories: ["d"] }, {}] });
    const { broker } = await setUp(bucket);
    const verdict = await broker.deliver("directories", at());
    assert.deepEqual(
      [...broker.events, verdict.kind],
      [
        "publish files+directory",
        "confirmed",
        "publish page",
        "confirmed",
        "publish directory",
        "confirmed",
        "ack",
      ],
    );
    const [child, next] = broker.publishedOf("directory");
    assert.deepEqual(child?.positions, [{ directory: "d", walk: 0, page: 1 }]);
    assert.deepEqual(next?.positions, [{ directory: "", walk: 0, page: 2, cursor: "2", landmark: "2" }]);
  });

  test("mark the directory as not wholly listed where entries that may be directories cannot be listed", async () => {
    const row = { name: "x y", problem: "has 2 columns" };
    const listed = [...files("a"), row, { ...row, name: "z y", mayBeDirectory: true as const }];
    const bucket = new ListedBucket({
      "": [{ files: listed, directories: ["d", ".."] }],
      d: [{ files: [row] }],
    });
    const { broker } = await setUp(bucket);
    await broker.deliver("directories", at());
    await broker.deliver("directories", at({ directory: "d" }));
    const [top, below] = broker.publishedOf("page");
    assert.match(top?.unlisted ?? "", /^what lies below "z y" is not listed: .*has 2 columns; and 1 more$/);
    assert.deepEqual([top?.end, top?.count, top?.directories], ["last", 4, ["d"]]);
    assert.equal(below?.unlisted, undefined);
  });

  test("stop at the first that is not confirmed, with no verdict", async () => {
    const bucket = new ListedBucket({ "": [{ files: files("a") }, {}] });
    const { broker } = await setUp(bucket);
    broker.refuse = new Error("the broker is being disposed");
    await assert.rejects(broker.deliver("directories", at()), /disposed/);
    assert.deepEqual(broker.events, ["publish files"]);
  });

  test("account for each entry: indexes from 0, count and bytes on the record", async () => {
    const bucket = new ListedBucket({ d: [{ files: files("a:1", "b:2", "c:3"), directories: ["e"] }] });
    const { broker } = await setUp(bucket, { options: { batchFiles: 2 } });
    await broker.deliver("directories", at({ directory: "d" }));
    const [record] = broker.publishedOf("page");
    assert.deepEqual(
      [
        record?.directory,
        record?.walk,
        record?.page,
        record?.end,
        record?.count,
        record?.bytes,
        record?.directories,
      ],
      ["d", 0, 1, "last", 3, 6, ["d/e"]],
    );
    const listed = broker.publishedOf("files").flatMap(({ slices }) => slices);
    assert.deepEqual(
      listed.map((slice) => [
        slice.page,
        slice.directory,
        slice.files.map(({ index, name }) => [index, name]),
      ]),
      [
        [
          record?.id,
          "d",
          [
            [0, "a"],
            [1, "b"],
          ],
        ],
        [record?.id, "d", [[2, "c"]]],
      ],
    );
  });

  test("of several small directories share batches, and their children share messages", async () => {
    const bucket = new ListedBucket({
      a: [{ files: files("1"), directories: ["x"] }],
      b: [{ files: files("2"), directories: ["y"] }],
    });
    const { broker } = await setUp(bucket);
    const message = { ...at(), positions: ["a", "b"].map((directory) => ({ directory, walk: 0, page: 1 })) };
    await broker.deliver("directories", message);
    assert.deepEqual(
      broker.publishedOf("files").map(({ slices }) => slices.map(({ directory }) => directory)),
      [["a", "b"]],
    );
    assert.deepEqual(
      broker.publishedOf("directory").map(({ positions }) => positions.map(({ directory }) => directory)),
      [["a/x", "b/y"]],
    );
  });

  test("name many children in several messages, each child once", async () => {
    const directories = Array.from({ length: 40 }, (_, i) => `d${i}`);
    const { broker } = await setUp(new ListedBucket({ "": [{ directories }] }));
    await broker.deliver("directories", at());
    const named = broker
      .publishedOf("directory")
      .map(({ positions }) => positions.map(({ directory }) => directory));
    assert.ok(named.length > 1 && named.every((some) => some.length <= 16));
    assert.deepEqual(named.flat(), directories);
  });

  test("carry job and filters on to children and next pages", async () => {
    const bucket = new ListedBucket({ "": [{ directories: ["d"] }, {}] });
    const { broker } = await setUp(bucket);
    const filters = { include: ["*.jpg"], minSize: 5 };
    await broker.deliver("directories", at({}, { filters, attempt: 3 }));
    const onward = broker.publishedOf("directory");
    assert.equal(onward.length, 2);
    for (const message of onward)
      assert.deepEqual([message.filters, message.job, message.attempt], [filters, job, 0]);
  });

  test("of an empty page are its record alone; an empty page is not the end", async () => {
    const { broker } = await setUp(new ListedBucket({ "": [{}, {}] }));
    await broker.deliver("directories", at());
    assert.deepEqual(
      broker.published.map(({ type }) => type),
      ["page", "directory"],
    );
    assert.equal(broker.publishedOf("page")[0]?.end, "more");
  });
});

describe("filters in a walk", () => {
  test("leave neither message nor account of what they exclude, and number the rest from 0", async () => {
    const bucket = new ListedBucket({
      "": [{ files: files("a.tmp:1", "b.jpg:2"), directories: ["cache", "d"] }],
    });
    const { broker } = await setUp(bucket);
    await broker.deliver("directories", at({}, { filters: { exclude: ["*.tmp", "cache/**"] } }));
    const [record] = broker.publishedOf("page");
    assert.deepEqual([record?.count, record?.bytes, record?.directories], [1, 2, ["d"]]);
    assert.deepEqual(
      broker.publishedOf("files").flatMap(({ slices }) => slices.flatMap((slice) => slice.files)),
      [{ index: 0, name: "b.jpg", size: 2, modified: 1_000 }],
    );
    assert.deepEqual(
      broker.publishedOf("directory").flatMap(({ positions }) => positions.map(({ directory }) => directory)),
      ["d"],
    );
  });

  test("that let other files pass give the page another id, as its indexes mean other files", async () => {
    const bucket = new ListedBucket({ "": [{ files: files("a:1", "b:9", "c:9") }] });
    const { broker } = await setUp(bucket);
    const message = at({}, { filters: { minSize: 5 } });
    await broker.deliver("directories", message);
    bucket.tree[""] = [{ files: files("a:9", "b:9", "c:9") }];
    await broker.deliver("directories", message);
    const [first, second] = broker.publishedOf("page");
    assert.deepEqual([first?.count, second?.count], [2, 3]);
    assert.notEqual(first?.id, second?.id);
  });
});

describe("names that can be neither requested nor stored", () => {
  test("are refused one by one: reported failed before the record that counts them, the rest goes on", async () => {
    const bucket = new ListedBucket({
      "": [{ files: files("a:1", "..:2", "x/y:3", "b:4", "n\0l:5"), directories: [".", "d", "..", ""] }],
    });
    const { broker, warnings } = await setUp(bucket);
    await broker.deliver("directories", at());
    assert.deepEqual(broker.events.slice(0, 3), [
      "publish files+directory+result",
      "confirmed",
      "publish page",
    ]);
    const [record] = broker.publishedOf("page");
    const [result] = broker.publishedOf("result");
    assert.deepEqual([record?.count, record?.bytes, record?.directories], [8, 15, ["d"]]);
    const objects = result?.pages.flatMap((page) => page.objects) ?? [];
    assert.deepEqual(
      objects.map(({ index, name, outcome }) => [index, name, outcome]),
      [
        [2, "..", "failed"],
        [3, "x/y", "failed"],
        [4, "n\0l", "failed"],
        [5, ".", "failed"],
        [6, "..", "failed"],
        [7, "", "failed"],
      ],
    );
    assert.ok(objects.every(({ reason }) => reason?.includes("cannot be requested")));
    assert.deepEqual(warnings, Array(6).fill("an object failed"));
    assert.deepEqual([result?.pages[0]?.page, result?.volume], [record?.id, undefined]);
    assert.deepEqual(
      broker
        .publishedOf("files")
        .flatMap(({ slices }) => slices.flatMap((slice) => slice.files.map(({ name }) => name))),
      ["a", "b"],
    );
  });
});

test("names whose bytes are not UTF-8 are refused one by one, by their bytes, and U+FFFD is published", async () => {
  const bucket = new ListedBucket({
    "": [{ files: files("\udce9:1", "\udce8:2", "\ufffd:3"), directories: ["\udce9"] }],
  });
  const { broker } = await setUp(bucket);
  await broker.deliver("directories", at());
  const objects = broker.publishedOf("result").flatMap(({ pages }) => pages.flatMap((page) => page.objects));
  assert.deepEqual(
    objects.map(({ name, modified }) => [name, modified]),
    [
      ["\\xE9", undefined],
      ["\\xE8", undefined],
      ["\\xE9", undefined],
    ],
  );
  assert.deepEqual(
    broker
      .publishedOf("files")
      .flatMap(({ slices }) => slices.flatMap((slice) => slice.files.map(({ name }) => name))),
    ["\ufffd"],
  );
});

describe("files that are stored already and unchanged", () => {
  test("are not published but marked in the record's bitmap, least significant bit first", async () => {
    const names = Array.from({ length: 10 }, (_, i) => `f${i}:${i}`);
    const bucket = new ListedBucket({ d: [{ files: files(...names, "..") }] });
    const stored = new Set(["f0", "f8", "f9"]);
    const asked: unknown[] = [];
    const { broker } = await setUp(bucket, {
      history: {
        unchanged: async (of, directory, listed) => {
          asked.push([of.fingerprint, directory, listed.length]);
          return listed.map(({ name }) => stored.has(name));
        },
      },
    });
    await broker.deliver("directories", at({ directory: "d" }));
    const [record] = broker.publishedOf("page");
    assert.deepEqual(asked, [["f1", "d", 10]]);
    assert.deepEqual([...Buffer.from(record?.unchanged ?? "", "base64")], [0b0000_0001, 0b0000_0011]);
    assert.deepEqual([record?.unchangedBytes, record?.count], [17, 11]);
    const published = broker
      .publishedOf("files")
      .flatMap(({ slices }) => slices.flatMap((slice) => slice.files));
    assert.deepEqual(
      published.map(({ index, name }) => [index, name]),
      [1, 2, 3, 4, 5, 6, 7].map((i) => [i, `f${i}`]),
    );
  });

  test("leave no batch at all when they are the whole page", async () => {
    const bucket = new ListedBucket({ "": [{ files: files("a", "b") }] });
    const { broker } = await setUp(bucket, {
      history: { unchanged: async (_job, _directory, all) => all.map(() => true) },
    });
    await broker.deliver("directories", at());
    assert.deepEqual(
      broker.published.map(({ type }) => type),
      ["page"],
    );
  });
});

describe("a page id", () => {
  const position = { job: "j", directory: "d", walk: 0, page: 1 };

  test("is the same when the same page is listed again", () => {
    assert.equal(pageId(position, ["a", "b"]), pageId({ ...position }, ["a", "b"]));
  });

  test("differs by job, directory, walk, page, names and their order", () => {
    const ids = [
      pageId(position, ["a", "b"]),
      pageId({ ...position, job: "k" }, ["a", "b"]),
      pageId({ ...position, directory: "e" }, ["a", "b"]),
      pageId({ ...position, walk: 1 }, ["a", "b"]),
      pageId({ ...position, page: 2 }, ["a", "b"]),
      pageId(position, ["b", "a"]),
      pageId(position, ["a"]),
      pageId(position, ["a", "b", ""]),
      pageId(position, ["a\0b"]),
      pageId(position, ["ab"]),
      pageId(position, []),
    ];
    assert.equal(new Set(ids).size, ids.length);
  });
});
