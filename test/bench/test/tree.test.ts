import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { assertComplete, type Tree, writeTree } from "../copy/tree.ts";

let home: string;
let tree: Tree;
let copy: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "bench-tree-"));
  tree = writeTree(join(home, "tree"), { files: 1_100, size: 200 });
  copy = join(home, "copy");
  cpSync(tree.root, copy, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

function lastFile(): string {
  return join(copy, tree.keys.at(-1) ?? "");
}

test("a complete copy of the tree passes the check", () => {
  assert.equal(tree.keys.length, 1_100);
  assert.equal(tree.directories.size, 2);
  assertComplete(tree, copy);
});

test("the check of a tree names a missing file", () => {
  unlinkSync(lastFile());
  assert.throws(() => assertComplete(tree, copy), /001: 99 files in place of 100/);
});

test("the check of a tree fails for a file under another name", () => {
  unlinkSync(lastFile());
  writeFileSync(join(copy, "001", "other.jpg"), "");
  assert.throws(() => assertComplete(tree, copy), /is missing/);
});

test("the check of a tree fails for a file that is too short", () => {
  truncateSync(lastFile(), 10);
  assert.throws(() => assertComplete(tree, copy), /not of its size/);
});

test("the check of a tree fails for wrong bytes of the right size in a sample", () => {
  writeFileSync(lastFile(), readFileSync(lastFile()).fill(0));
  assert.throws(() => assertComplete(tree, copy, { samples: 1_100 }), /other bytes/);
});
