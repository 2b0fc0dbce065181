import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@brigade/core";
import { lookAt } from "../../src/identity/found-folder.ts";
import { refuseOverlaps } from "../../src/trial/overlaps.ts";

const look = (folder: string) => lookAt({ folder, make: true, init: true });

function scratch(t: TestContext): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "brigade-place-")));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function makeVolume(root: string, id: string): void {
  mkdirSync(join(root, ".brigade"), { recursive: true });
  const traits = { caseSensitive: true, anyCharacter: true, nameMax: 255 };
  const identity = { version: 1, id, label: id, created: new Date().toISOString(), traits };
  writeFileSync(join(root, ".brigade", "volume.json"), JSON.stringify(identity));
}

function refused(words: RegExp) {
  return (error: unknown) => error instanceof ConfigError && words.test(error.message);
}

test("the root of the file system, the kernel's folders and the program's own are no volumes, by any name", (t) => {
  const folder = scratch(t);
  const program = fileURLToPath(new URL("../../../..", import.meta.url));
  const places = {
    "/": /root of this machine/,
    "/proc/x": /kernel/,
    "/sys": /kernel/,
    "/dev/shm/x": /kernel/,
  };
  for (const [place, words] of [...Object.entries(places), [program.slice(0, -1), /this program/] as const]) {
    assert.throws(() => look(place), refused(words), place);
  }
  symlinkSync("/proc", join(folder, "link"));
  symlinkSync("/", join(folder, "root"));
  assert.throws(() => look(join(folder, "link", "x")), refused(/kernel/));
  assert.throws(() => look(join(folder, "root")), refused(/root of this machine/));
});

test("a folder inside a volume, and one around a volume, are no volumes", (t) => {
  const folder = scratch(t);
  makeVolume(join(folder, "a"), "a");
  for (const inside of ["a/b/c", "a/.brigade", "a/.brigade/state"])
    assert.throws(() => look(join(folder, inside)), refused(/inside the volume/), inside);
  assert.throws(() => look(folder), refused(/the volume .* lies inside it/));
  assert.deepEqual(readdirSync(join(folder, "a")), [".brigade"], "nothing was made");
});

test("what is named twice, by a link or not, is refused, and so are nested folders and a copied volume", (t) => {
  const folder = scratch(t);
  for (const name of ["a", "b"]) mkdirSync(join(folder, name));
  symlinkSync(join(folder, "a"), join(folder, "link"));
  const [a, b, link, inside] = ["a", "b", "link", "a/x/y"].map((name) => look(join(folder, name)));
  const overlaps = (...found: readonly (ReturnType<typeof look> | undefined)[]) =>
    refuseOverlaps(found.filter((one) => one !== undefined));
  assert.doesNotThrow(() => overlaps(a, b));
  assert.throws(() => overlaps(a, b, link), refused(/same folder/));
  assert.throws(() => overlaps(a, inside), refused(/lies inside/));
  assert.throws(() => overlaps(inside, b, a), refused(/lies inside/));
  for (const name of ["a", "b"]) makeVolume(join(folder, name), "the same");
  assert.throws(() => overlaps(look(join(folder, "a")), look(join(folder, "b"))), refused(/same volume/));
});

test("a link to a folder whose name is not UTF-8 is refused", (t) => {
  const folder = scratch(t);
  const name = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from([0xb4, 0xc5, 0xc5, 0xcc])]);
  mkdirSync(name);
  symlinkSync(name, join(folder, "link"));
  assert.throws(() => look(join(folder, "link")), refused(/not UTF-8/));
  assert.throws(() => look(join(folder, "link", "below")), refused(/not UTF-8/));
});
