import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Proof, RecordMessage } from "../../src/index.ts";
import { allStored, entries, object, page, pageId, result } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";

const listed = entries(5);

/** The root names a and b; a has three pages, b one; everything is stored. */
const whole: readonly RecordMessage[] = [
  page({ directory: "", directories: ["a", "b"] }),
  ...[1, 2, 3].flatMap((number) => [
    page({ directory: "a", page: number, entries: listed, end: number === 3 ? "last" : "more" }),
    allStored("a", listed, pageId("a", 0, number)),
  ]),
  page({ directory: "b", entries: listed, directories: ["b/c"] }),
  allStored("b", listed),
  page({ directory: "b/c", entries: listed }),
  allStored("b/c", listed),
];

async function proofOf(messages: readonly RecordMessage[]): Promise<Proof> {
  await using made = await newCatalogue();
  await made.catalogue.recording.record(messages);
  const [proof, progress] = [
    await made.catalogue.questions.proof(job.id),
    await made.catalogue.jobs.progress(job.id),
  ];
  assert.equal(proof.complete, progress.settled && proof.holes.failedDirectories.total === 0);
  return proof;
}

const isPage = (message: RecordMessage, directory: string, number = 1) =>
  message.type === "page" && message.directory === directory && message.page === number;
const none = { total: 0, examples: [] };

describe("a proof", () => {
  test("of a job where everything is recorded is complete, without holes", async () => {
    const proof = await proofOf(whole);
    assert.equal(proof.complete, true);
    assert.deepEqual(proof.holes, {
      directories: none,
      pages: { ...none, objects: 0 },
      failedDirectories: none,
    });
    assert.deepEqual(proof.unnamed, none);
    assert.deepEqual(proof.stored, { objects: 25, bytes: 5 * 510 });
    assert.equal(proof.directories, 4);
  });

  test("of a job where nothing is recorded yet names the root", async () => {
    const proof = await proofOf([]);
    assert.equal(proof.complete, false);
    assert.deepEqual(proof.holes.directories, {
      total: 1,
      examples: [{ directory: "", missing: [{ from: 1, to: 1 }] }],
    });
  });

  test("names exactly the page in the middle that is missing", async () => {
    const proof = await proofOf(whole.filter((message) => !isPage(message, "a", 2)));
    assert.equal(proof.complete, false);
    assert.deepEqual(proof.holes, {
      directories: { total: 1, examples: [{ directory: "a", walk: 0, missing: [{ from: 2, to: 2 }] }] },
      pages: { ...none, objects: 0 },
      failedDirectories: none,
    });
    assert.equal(proof.listed.objects, 20);
  });

  test("names the page after the highest one when the last page is missing", async () => {
    const proof = await proofOf(whole.filter((message) => !isPage(message, "a", 3)));
    assert.deepEqual(proof.holes.directories, {
      total: 1,
      examples: [{ directory: "a", walk: 0, missing: [{ from: 3, to: 3 }] }],
    });
  });

  test("names exactly the directory that was named and not walked", async () => {
    const proof = await proofOf(
      whole.filter((message) => !JSON.stringify(message).includes('"directory":"a"')),
    );
    assert.equal(proof.complete, false);
    assert.deepEqual(proof.holes, {
      directories: { total: 1, examples: [{ directory: "a", missing: [{ from: 1, to: 1 }] }] },
      pages: { ...none, objects: 0 },
      failedDirectories: none,
    });
  });

  test("names exactly the page that names a directory, when that page is missing", async () => {
    const proof = await proofOf(whole.filter((message) => !isPage(message, "b")));
    assert.deepEqual(proof.holes.directories.examples, [{ directory: "b", missing: [{ from: 1, to: 1 }] }]);
    assert.equal(proof.holes.directories.total, 1);
    assert.deepEqual(proof.unnamed, { total: 1, examples: ["b/c"] });
  });

  test("names exactly the indexes without an outcome", async () => {
    const objects = [0, 2, 4].map((i) => object(i, listed[i] ?? { name: "", size: 0 }, "stored"));
    const proof = await proofOf(
      whole.map((message) =>
        message.type === "result" && message.pages[0]?.page === pageId("a", 0, 2)
          ? result({ directory: "a", id: pageId("a", 0, 2), objects })
          : message,
      ),
    );
    assert.equal(proof.complete, false);
    assert.deepEqual(proof.holes, {
      directories: none,
      pages: {
        total: 1,
        examples: [{ directory: "a", walk: 0, page: 2, id: pageId("a", 0, 2), open: 2, indexes: [1, 3] }],
        objects: 2,
      },
      failedDirectories: none,
    });
  });

  test("gives exact totals, and no more examples than the limit", async () => {
    const children = Array.from({ length: 30 }, (_, i) => `d${i}`);
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      page({ directory: "", directories: children }),
      ...children.slice(0, 10).map((directory) => page({ directory, entries: listed })),
    ]);
    const { holes } = await made.catalogue.questions.proof(job.id, { examples: 3 });
    assert.deepEqual([holes.directories.total, holes.directories.examples.length], [20, 3]);
    assert.deepEqual([holes.pages.total, holes.pages.examples.length, holes.pages.objects], [10, 3, 50]);
  });
});

describe("a directory", () => {
  const failed = page({ directory: "a", page: 2, id: "none", end: "failed", reason: "503 five times" });

  test("that failed is named with the reason, and is no other hole", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record([
      ...whole.filter((message) => !isPage(message, "a", 2) && !isPage(message, "a", 3)),
      failed,
    ]);
    const { complete, holes } = await made.catalogue.questions.proof(job.id);
    assert.equal(complete, false);
    assert.deepEqual(holes.directories, none);
    const named = [{ directory: "a", walk: 0, page: 2, reason: "503 five times" }];
    assert.deepEqual(holes.failedDirectories, { total: 1, examples: named });
    const { directories, listingFinished } = await made.catalogue.jobs.progress(job.id);
    assert.deepEqual(directories, { known: 4, done: 3, failed: 1 });
    assert.equal(listingFinished, true);
  });

  test("that failed is whole once the position is listed after all", async () => {
    for (const messages of [
      [failed, ...whole],
      [...whole, failed],
    ]) {
      assert.equal((await proofOf(messages)).complete, true);
    }
  });

  test("that failed on an empty page is whole once that page is listed, under the same id", async () => {
    const id = pageId("b/c");
    const proof = await proofOf([
      ...whole.filter((message) => !JSON.stringify(message).includes("b/c:")),
      page({ directory: "b/c", id, end: "failed", reason: "503" }),
      page({ directory: "b/c", id }),
    ]);
    assert.equal(proof.complete, true);
  });

  test("that was walked twice counts once, by its last whole walk", async () => {
    const fewer = entries(3);
    const again = [
      page({ directory: "b/c", walk: 1, entries: fewer }),
      allStored("b/c", fewer, pageId("b/c", 1)),
    ];
    const proof = await proofOf([...whole, ...again]);
    assert.equal(proof.complete, true);
    assert.equal(proof.listed.objects, 23);
    assert.equal(proof.stored.objects, 23);
  });

  test("stays whole while another walk of it is under way", async () => {
    const begun = page({ directory: "b/c", walk: 1, entries: listed, end: "more" });
    const proof = await proofOf([...whole, begun]);
    assert.equal(proof.complete, true);
    assert.equal(proof.listed.objects, 25);
  });

  test("is not made whole by pages of different walks", async () => {
    const proof = await proofOf([
      ...whole.filter((message) => !isPage(message, "a", 3)),
      page({ directory: "a", walk: 1, page: 3, entries: listed }),
    ]);
    assert.deepEqual(proof.holes.directories.examples, [
      { directory: "a", walk: 1, missing: [{ from: 1, to: 2 }] },
    ]);
  });

  test("has the sums of its own pages", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record(whole.filter((message) => !isPage(message, "a", 2)));
    const directories = await all(made.catalogue.questions.directories(job.id));
    assert.deepEqual(
      directories.map(({ directory, pages, listed, state }) => [directory, pages, listed.objects, state]),
      [
        ["", 1, 0, "done"],
        ["a", 2, 10, "listing"],
        ["b", 1, 5, "done"],
        ["b/c", 1, 5, "done"],
      ],
    );
  });
});

describe("directories", () => {
  test("are listed whole and by path when there are many", async () => {
    await using made = await newCatalogue();
    const children = Array.from({ length: 1_100 }, (_, i) => `d${String(i).padStart(4, "0")}`);
    await made.catalogue.recording.record([
      page({ directory: "", directories: children.toReversed() }),
      ...children.map((directory) => page({ directory })),
    ]);
    const listed = (await all(made.catalogue.questions.directories(job.id))).map(
      ({ directory }) => directory,
    );
    assert.deepEqual(listed, ["", ...children]);
  });
});

describe("a position", () => {
  const other = entries(2);

  test("is held by the first page recorded for it; results for another count nowhere but are stored", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.record(whole);
    await made.catalogue.recording.record([
      page({ directory: "b/c", id: "another", entries: other }),
      result({
        directory: "b/c",
        id: "another",
        objects: [object(0, { name: "late", size: 7 }, "stored")],
      }),
    ]);
    const proof = await made.catalogue.questions.proof(job.id);
    assert.equal(proof.complete, true);
    assert.equal(proof.stored.objects, 25);
    const [place] = await made.catalogue.history.stored(job, "b/c", [
      { name: "late", size: 7, modified: 1_007 },
    ]);
    assert.equal(place?.path, "b/c/late");
  });
});
