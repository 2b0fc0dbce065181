import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { mostBytes } from "@brigade/core";
import { openCatalogue } from "@brigade/ledger";
import { LedgerClient, ledgerApp } from "@brigade/ledger/http";
import type { ManifestLine } from "@brigade/volumes";
import { RecordingLog } from "../../../../test/logs.ts";
import { rebuildFrom } from "../../src/ledger/rebuild.ts";
import { temporaryFolder } from "../command.ts";

const origin = { source: "photos", fingerprint: "f" };

function line(key: string, more: Partial<ManifestLine> = {}): ManifestLine {
  const sizes = { listedSize: 4, size: 4, md5: "0".repeat(32), verified: false };
  return { source: "photos", key, ...sizes, modified: 1, storedAt: 1_000, job: "j", ...more };
}

/** A volume that was prepared by hand: these lines, and files of 4 bytes at these paths. */
async function prepared(lines: readonly ManifestLine[], paths: readonly string[]) {
  const folder = await temporaryFolder();
  const root = join(folder.path, "disk");
  for (const name of ["manifest", "sources"]) mkdirSync(join(root, ".brigade", name), { recursive: true });
  writeFileSync(join(root, ".brigade/volume.json"), JSON.stringify({ id: "vol", label: "disk" }));
  writeFileSync(join(root, ".brigade/sources/photos.json"), JSON.stringify({ fingerprint: "f" }));
  writeFileSync(
    join(root, ".brigade/manifest/a-1.ndjson"),
    lines.map((one) => `${JSON.stringify(one)}\n`).join(""),
  );
  for (const path of paths) {
    mkdirSync(join(root, "photos", path, ".."), { recursive: true });
    writeFileSync(join(root, "photos", path), "1234");
  }
  const log = new RecordingLog();
  const catalogue = await openCatalogue({ path: join(folder.path, "catalogue.sqlite"), log });
  const app = ledgerApp(catalogue, { log });
  const ledger = new LedgerClient({ url: "http://localhost", fetch: (request) => app.fetch(request) });
  const bad: string[] = [];
  return {
    root,
    outside: folder.path,
    catalogue,
    bad,
    rebuild: () =>
      rebuildFrom(root, ledger, {
        onBad: ({ reason }) => bad.push(reason),
        signal: new AbortController().signal,
      }),
    async [Symbol.asyncDispose]() {
      await catalogue[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

test("rebuild refuses lines whose path leaves the volume, or whose size no object has, and enters the others", async () => {
  const lines = [
    line("a/good"),
    line("b", { path: "../../etc/passwd" }),
    line("c", { path: "/etc/passwd" }),
    line("d", { path: "x\0y" }),
    line("e", { path: "x/./y" }),
    line("../../etc/passwd"),
    line("f", { source: "../photos" }),
    line("g", { size: mostBytes + 1 }),
    line("h", { listedSize: Number.MAX_SAFE_INTEGER }),
  ];
  await using own = await prepared(lines, ["a/good"]);
  const { states, bad, absent } = await own.rebuild();
  assert.deepEqual({ states, bad, absent }, { states: 1, bad: 8, absent: 0 });
  assert.equal(own.bad.filter((reason) => /leaves/.test(reason)).length, 5, own.bad.join("\n"));
});

test("rebuild enters no file that is not there, so that it does not count as unchanged later", async () => {
  const lines = ["here", "gone", "other-size", "folder", "linked", "behind/link"].map((key) => line(key));
  await using own = await prepared(lines, ["here", "other-size"]);
  writeFileSync(join(own.root, "photos/other-size"), "12345");
  mkdirSync(join(own.root, "photos/folder"));
  mkdirSync(join(own.outside, "elsewhere"));
  writeFileSync(join(own.outside, "elsewhere/link"), "1234");
  symlinkSync(join(own.outside, "elsewhere/link"), join(own.root, "photos/linked"));
  symlinkSync(join(own.outside, "elsewhere"), join(own.root, "photos/behind"));
  const { states, absent } = await own.rebuild();
  assert.deepEqual({ states, absent }, { states: 1, absent: 5 });
  const files = ["here", "gone", "other-size", "folder", "linked"].map((name) => ({
    name,
    size: 4,
    modified: 1,
  }));
  assert.deepEqual(await own.catalogue.history.unchanged(origin, "", files), [
    true,
    false,
    false,
    false,
    false,
  ]);
  rmSync(join(own.root, "photos/behind"));
});
