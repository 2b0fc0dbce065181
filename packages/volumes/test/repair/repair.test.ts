import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ConfigError } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { type Damage, type Difference, openRepair, openVolume, readManifest } from "../../src/index.ts";
import { formatManifestLine } from "../../src/manifest/manifest-line.ts";
import { Mending } from "../../src/repair/mending.ts";
import { bytesOf, md5Of, newObject, scratchFolder } from "../scratch.ts";
import { appendToManifest, contentOf, damage, storeOn, verified, volumeOf } from "../verify/verified.ts";

const keys = ["good", "x/missing", "x/short", "x/damaged", "link"];

/** A volume with four objects that are not as they should be, and an extra file. */
async function damagedVolume(test: TestContext): Promise<string> {
  const root = await volumeOf(test, keys);
  rmSync(join(root, "photos/x/missing"));
  truncateSync(join(root, "photos/x/short"), 3);
  damage(root, "x/damaged");
  rmSync(join(root, "photos/link"));
  symlinkSync(join(root, "photos/good"), join(root, "photos/link"));
  writeFileSync(join(root, "photos/extra"), "");
  return root;
}

/** What an unwell file lies as, after the repair. */
const aside = (root: string, path: string) => join(root, ".brigade/damaged", path);

async function repair(root: string, differences: readonly Difference[], quietMs = 0) {
  const told: string[] = [];
  const repairing = await openRepair(root, {
    quietMs,
    reportToLedger: async (damages) => void told.push(...damages.map(({ key }) => key)),
  });
  try {
    return { ...(await repairing.repair(differences)), told: told.sort() };
  } finally {
    await repairing[Symbol.asyncDispose]();
  }
}

async function lostKeys(root: string): Promise<string[]> {
  const lines = await Array.fromAsync(readManifest(root, (bad) => assert.fail(JSON.stringify(bad))));
  return lines.flatMap((line) => ("lost" in line ? `${line.lost} ${line.key}` : [])).sort();
}

test("puts what is missing or damaged back to work, keeps the damaged files, and leaves the rest alone", async (t) => {
  const root = await damagedVolume(t);
  const before = readFileSync(join(root, "photos/x/damaged"));
  const { differences, summary } = await verified(root);
  assert.equal(summary.files, 5);
  assert.deepEqual(await repair(root, differences), {
    lost: 4,
    mended: 0,
    told: ["link", "x/damaged", "x/missing", "x/short"],
  });
  assert.deepEqual(await lostKeys(root), [
    "md5 x/damaged",
    "missing link",
    "missing x/missing",
    "size x/short",
  ]);
  assert.deepEqual(readFileSync(aside(root, "photos/x/damaged")), before);
  assert.equal(readFileSync(aside(root, "photos/x/short"), "utf8"), "x/s");
  const after = await verified(root);
  assert.deepEqual([after.summary.files, after.told], [1, ["extra photos/extra"]]);
  const volume = await openVolume(root, {
    init: false,
    instance: "here",
    durability: "none",
    log: silentLog,
  });
  const asked = [newObject("x/damaged", { expectedSize: contentOf("x/damaged").length })];
  assert.deepEqual(
    await volume.adopt(asked),
    [undefined],
    "the damaged file is not taken for the object again",
  );
  await volume[Symbol.asyncDispose]();
  await storeOn(root, keys);
  rmSync(join(root, "photos/extra"));
  assert.deepEqual((await verified(root)).told, []);
});

test("changes nothing when it cannot be reported to the ledger", async (t) => {
  const root = await damagedVolume(t);
  const { differences, told } = await verified(root);
  const repairing = await openRepair(root, {
    quietMs: 0,
    reportToLedger: () => Promise.reject(new Error("the ledger is away")),
  });
  await assert.rejects(repairing.repair(differences), /the ledger is away/);
  await repairing[Symbol.asyncDispose]();
  assert.deepEqual(await lostKeys(root), []);
  assert.equal(existsSync(join(root, ".brigade/damaged")), false);
  assert.deepEqual((await verified(root)).told, told);
});

test("goes on after a crash between the moved file and its line", async (t) => {
  const root = await damagedVolume(t);
  const { differences } = await verified(root);
  mkdirSync(aside(root, "photos/x"), { recursive: true });
  writeFileSync(aside(root, "photos/x/short"), "moved by the one that crashed");
  rmSync(join(root, "photos/x/short"));
  const again = await verified(root);
  assert.equal(again.told.length, differences.length);
  assert.equal((await repair(root, again.differences)).lost, 4);
  // Once more, with what is known no longer to be there.
  await repair(root, again.differences);
  assert.deepEqual((await verified(root)).told, ["extra photos/extra"]);
});

test("moves a damaged file beside one that was moved before, never over it", async (t) => {
  const root = await volumeOf(t, ["a"]);
  for (const copy of ["photos", "photos.1"]) {
    damage(root, "a");
    const { differences } = await verified(root);
    assert.equal((await repair(root, differences)).lost, 1);
    assert.ok(existsSync(aside(root, `${copy}/a`)));
    await storeOn(root, ["a"]);
  }
  // Where a folder is needed, a file lies.
  rmSync(join(root, "photos/a"));
  await storeOn(root, ["a/b"]);
  damage(root, "a/b");
  const { differences } = await verified(root);
  assert.equal((await repair(root, differences)).lost, 2, "`a` is missing, and `a/b` is damaged");
  assert.ok(existsSync(aside(root, "photos.2/a/b")));
});

test("leaves alone what was stored again since it was verified, with other bytes even", async (t) => {
  const root = await volumeOf(t, ["same", "changed", "bad"]);
  for (const key of ["same", "changed", "bad"]) damage(root, key);
  const { differences } = await verified(root);
  await storeOn(root, ["same"]);
  const volume = await openVolume(root, {
    init: false,
    instance: "here",
    durability: "none",
    log: silentLog,
  });
  await volume.put(newObject("changed"), bytesOf("another version"));
  await volume[Symbol.asyncDispose]();
  const { lost, mended } = await repair(root, differences);
  assert.deepEqual({ lost, mended }, { lost: 1, mended: 2 });
  assert.equal(readFileSync(join(root, "photos/changed"), "utf8"), "another version");
  const after = await verified(root);
  assert.deepEqual([after.summary.files, after.told], [2, []]);
});

test("waits for the line of a file that got its place a moment ago", async (t) => {
  const root = await volumeOf(t, ["a"]);
  damage(root, "a");
  const { differences } = await verified(root);
  const [{ storedAt = 0 } = {}] = differences;
  writeFileSync(join(root, "photos/a"), "newer");
  using mending = new Mending({ root, quietMs: 1000 });
  // Both wait in one event loop: the line comes first.
  setTimeout(() => {
    const newer = { size: 5, md5: md5Of("newer"), verified: false, storedAt: storedAt + 1 };
    appendToManifest(root, formatManifestLine(newObject("a"), newer));
  }, 300);
  assert.deepEqual(await mending.mend(differences as Damage[]), { lost: 0, mended: 1 });
  assert.deepEqual((await verified(root)).told, []);
});

test("refuses a folder that is no volume, and paths that lead out of one", async (t) => {
  const reportToLedger = async () => {};
  await assert.rejects(openRepair(scratchFolder(t), { reportToLedger }), ConfigError);
  const root = await volumeOf(t, ["a"]);
  const outside = join(scratchFolder(t), "file");
  writeFileSync(outside, "untouched");
  damage(root, "a");
  const { differences } = await verified(root);
  const forged = differences.map((one): Damage => ({ ...(one as Damage), path: `../..${outside}` }));
  await using repairing = await openRepair(root, { reportToLedger, quietMs: 0 });
  await assert.rejects(repairing.repair(forged), /cannot be repaired/);
  assert.equal(readFileSync(outside, "utf8"), "untouched");
});
