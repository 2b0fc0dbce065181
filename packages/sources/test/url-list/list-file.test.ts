import assert from "node:assert/strict";
import fs, { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type TestContext, test } from "node:test";
import { StateFolder } from "../../src/pages/state-folder.ts";
import { openList } from "../../src/url-list/list-file.ts";
import { DatabaseSync } from "../../src/url-list/sqlite.ts";

/** A list that was read once, the path of its index, and how to open it (again). */
function listed(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "brigade-list-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const list = { path: join(folder, "urls.txt"), label: "urls.txt" };
  writeFileSync(list.path, "a/1\thttps://true.example/1\n");
  const options = {
    folder: new StateFolder(join(folder, "state"), { amount: 0 }),
    name: "shop",
    stdin: Readable.from([]),
  };
  const open = () => openList(list, options, new AbortController().signal);
  return { folder, index: join(folder, "state", "shop.sqlite"), open };
}

/** A copy of the index that leads to somebody's server. */
function forge(index: string, forged: string): void {
  fs.copyFileSync(index, forged);
  using db = new DatabaseSync(forged);
  db.exec("update entries set url = 'https://forged.example/1'");
}

test("an index that is swapped between the look at it and its opening is not used", async (t) => {
  const { folder, index, open } = listed(t);
  (await open())[Symbol.dispose]();
  const forged = join(folder, "forged");
  forge(index, forged);
  const { lstatSync } = fs;
  let swaps = 0;
  const mocked = t.mock.method(fs, "lstatSync", (path: string, options: fs.StatSyncOptions) => {
    const stats = lstatSync(path, options);
    if (path === index && swaps++ === 0) renameSync(forged, index);
    return stats;
  });
  syncBuiltinESMExports();
  t.after(() => {
    mocked.mock.restore();
    syncBuiltinESMExports();
  });
  using again = await open();
  assert.ok(swaps > 0);
  assert.equal(again.find("a/1")?.url, "https://true.example/1");
});

test("an index is not read through a link, nor with a log beside it that it does not have", async (t) => {
  const { folder, index, open } = listed(t);
  (await open())[Symbol.dispose]();
  const forged = join(folder, "forged");
  forge(index, forged);
  rmSync(index);
  symlinkSync(forged, index);
  using second = await open();
  assert.equal(second.find("a/1")?.url, "https://true.example/1");
  writeFileSync(`${index}-wal`, "");
  using third = await open();
  assert.equal(third.find("a/1")?.url, "https://true.example/1");
  assert.ok(fs.lstatSync(index).isFile());
});
