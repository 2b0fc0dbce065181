import assert from "node:assert/strict";
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keepPrivate, makePrivateFolder, replacePrivateFile } from "../../src/index.ts";
import { scratchFolder } from "../scratch.ts";

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);
const ours = /^catalogue\.sqlite$/;

/** A file that all may read. */
function writeOpen(path: string): void {
  writeFileSync(path, "");
  chmodSync(path, 0o666);
}

test("a database is made for its owner alone, and one from before becomes so, with what lies beside it", (t) => {
  for (const folder of [scratchFolder(t), join(scratchFolder(t), ".brigade", "state")]) {
    mkdirSync(folder, { recursive: true });
    const made = join(folder, "new.sqlite");
    keepPrivate(made);
    assert.equal(modeOf(made), "600");
    const old = join(folder, "old.sqlite");
    for (const end of ["", "-wal", "-journal", ".backup"]) writeOpen(old + end);
    keepPrivate(old);
    for (const end of ["", "-wal", "-journal", ".backup"]) assert.equal(modeOf(old + end), "600", end);
  }
});

test("a link below .brigade is not followed; where people named it, it is", (t) => {
  const elsewhere = join(scratchFolder(t), "elsewhere");
  writeOpen(elsewhere);
  const state = join(scratchFolder(t), ".brigade", "state");
  mkdirSync(state, { recursive: true });
  symlinkSync(elsewhere, join(state, "catalogue.sqlite"));
  keepPrivate(join(state, "catalogue.sqlite"));
  assert.equal(modeOf(elsewhere), "666");
  const named = join(scratchFolder(t), "catalogue.sqlite");
  symlinkSync(elsewhere, named);
  keepPrivate(named);
  assert.equal(modeOf(elsewhere), "600");
});

test("a database whose folder is not there is not made, and opening it fails", (t) => {
  keepPrivate(join(scratchFolder(t), "missing", "catalogue.sqlite"));
});

test("a folder is made for its owner alone, those above it for all", (t) => {
  const root = join(scratchFolder(t), "disk");
  makePrivateFolder(join(root, ".brigade", "state"), ours);
  assert.equal(modeOf(join(root, ".brigade", "state")), "700");
  assert.equal(modeOf(join(root, ".brigade")), "755");
  assert.equal(modeOf(root), "755");
});

test("a folder that is there becomes so where it is brigade's own, or holds nothing else; a shared one stays", (t) => {
  const folderWith = (name: string | undefined, path = join(scratchFolder(t), "state")) => {
    mkdirSync(path, { recursive: true });
    if (name !== undefined) writeOpen(join(path, name));
    chmodSync(path, 0o777);
    makePrivateFolder(path, ours);
    return modeOf(path);
  };
  assert.equal(folderWith(undefined), "700");
  assert.equal(folderWith("catalogue.sqlite"), "700");
  assert.equal(folderWith("somebody's"), "777");
  assert.equal(folderWith("somebody's", join(scratchFolder(t), ".brigade", "state")), "700");
});

test("a small file that is replaced is for its owner alone", (t) => {
  const path = join(scratchFolder(t), "volumes.json");
  writeOpen(path);
  replacePrivateFile(path, "{}\n");
  assert.equal(modeOf(path), "600");
});
