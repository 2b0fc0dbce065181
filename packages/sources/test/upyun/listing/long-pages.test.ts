import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import type { Page } from "@brigade/core";
import type { UpyunSource } from "../../../src/upyun/source.ts";
import { failure } from "../../failure.ts";
import { endMarker, serve, signal, sourceFor } from "../../scenario.ts";

const rows = 120_000;

function body(format: string, count: number, next: string): string {
  const name = (n: number) => `${n % 2 === 0 ? "file" : "folder"}-${n}`;
  const all = Array.from({ length: count }, (_, n) =>
    format === "text"
      ? `${name(n)}\t${n % 2 === 0 ? "N" : "F"}\t1\t2`
      : { name: name(n), type: n % 2 === 0 ? "image/png" : "folder", length: 1 - (n % 2), last_modified: 2 },
  );
  return format === "text" ? all.join("\n") : JSON.stringify({ files: all, iter: next });
}

/** A store that gives a long page, and a short one behind it. `length`: of the long one. */
async function storeOf(t: TestContext, format: string, length: () => number = () => rows) {
  const { url, asked } = await serve(t, ({ headers }, response) => {
    const isSecond = headers["x-list-iter"] === "c2Vjb25k";
    const next = isSecond ? endMarker : "c2Vjb25k";
    response.writeHead(200, { "x-upyun-list-iter": next });
    response.end(body(format, isSecond ? 3 : length(), next));
  });
  const state = await mkdtemp(join(tmpdir(), "brigade-long-"));
  t.after(() => rm(state, { recursive: true }));
  const settings = {
    ...{ UPYUN_ENDPOINT: url, UPYUN_LIST_FORMAT: format, LIST_PAGE_SIZE: "10000" },
    ...{ STATE_DIR: state, MIN_FREE: "0" },
  };
  return { source: sourceFor(t, settings), asked, settings, state };
}

async function pagesOf(source: UpyunSource): Promise<Page[]> {
  const pages: Page[] = [];
  for (let next: string | undefined; ; ) {
    const page = await source.listPage("d", next, signal());
    pages.push(page);
    if (page.next === undefined) return pages;
    next = page.next;
  }
}

for (const format of ["text", "json"]) {
  describe(`an answer of more rows than memory is to hold, in ${format}`, () => {
    test("comes as pages of the size that was asked for, each row once, and is fetched once", async (t) => {
      const { source, asked, state } = await storeOf(t, format);
      const pages = await pagesOf(source);
      const files = new Set(pages.flatMap((page) => page.files.map(({ name }) => name)));
      const folders = new Set(pages.flatMap((page) => page.directories));
      assert.deepEqual([files.size, folders.size], [rows / 2, rows / 2]);
      const sizes = pages.map((page) => page.files.length + page.directories.length);
      assert.deepEqual(sizes, [...new Array<number>(rows / 10_000).fill(10_000), 3]);
      assert.equal(asked.length, 2);
      assert.deepEqual(await readdir(state), []);
    });

    test("goes on in another process, unless the directory has changed meanwhile", async (t) => {
      let length = rows;
      const { source, settings } = await storeOf(t, format, () => length);
      const { next } = await source.listPage("d", undefined, signal());
      const same = await sourceFor(t, settings).listPage("d", next, signal());
      assert.deepEqual(same, await source.listPage("d", next, signal()));
      length++;
      const changed = sourceFor(t, settings).listPage("d", next, signal());
      await assert.rejects(changed, failure("bad-cursor", /changed meanwhile/));
    });
  });
}

test("the store's own cursor never looks like one of brigade's", async (t) => {
  const { url } = await serve(t, (_request, response) => {
    response.writeHead(200, { "x-upyun-list-iter": "rows:5-0123456789abcdef:" }).end("a\tN\t1\t2\n");
  });
  const listed = sourceFor(t, { UPYUN_ENDPOINT: url }).listPage("d", undefined, signal());
  await assert.rejects(listed, failure("bad-listing", /cannot be sent back/));
});
