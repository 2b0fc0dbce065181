import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { at, files, ListedBucket, setUp, walkAll } from "../set-up.ts";

describe("a message of a job that goes on", () => {
  test("does not have a directory listed that is recorded, and all that comes of it is marked", async () => {
    const bucket = new ListedBucket({
      "": [{ directories: ["known", "new"] }, { directories: ["late"] }],
      known: [{ files: files("a") }, { files: files("b") }],
      new: [{ files: files("c") }],
      late: [{ files: files("d") }],
    });
    const recorded = async ({ directory }: { directory: string }) =>
      directory === "known" ? ({ id: "p", end: "more", next: position } as const) : undefined;
    const position = { directory: "known", walk: 0, page: 2, cursor: "2" };
    const { broker } = await setUp(bucket, { history: { recorded } });
    await walkAll(broker, { ...at({ walk: 1 }), again: true });
    assert.deepEqual(bucket.asked, ["@", "new@", "@2", "late@"]);
    assert.ok(broker.publishedOf("directory").every(({ again }) => again === true));
  });

  test("leads to the next page when it comes once more", async () => {
    const bucket = new ListedBucket({ "": [{}, { files: files("a") }] });
    const next = { directory: "", walk: 0, page: 2, cursor: "2" };
    const { broker } = await setUp(bucket, {
      history: { recorded: async () => ({ id: "p", end: "more", next }) },
    });
    await broker.deliver("directories", { ...at(), again: true }, { isRepeated: true });
    assert.deepEqual(
      broker.publishedOf("directory").flatMap(({ positions }) => positions),
      [next],
    );
    assert.deepEqual(bucket.asked, []);
  });
});
