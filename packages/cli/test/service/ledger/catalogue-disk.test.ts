import assert from "node:assert/strict";
import { lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FatalError } from "@brigade/core";
import { RecordingLog } from "../../../../../test/logs.ts";
import { CatalogueDisk } from "../../../src/service/ledger/catalogue-disk.ts";
import { temporaryFolder } from "../../command.ts";

const { signal } = new AbortController();

for (const end of ["", "-wal", "-journal"]) {
  test(`a ledger's catalogue below .brigade is not opened where its ${end || "file"} is a link`, async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, ".brigade", "state");
    mkdirSync(state, { recursive: true });
    const [path, precious] = [join(state, "catalogue.sqlite"), join(folder.path, "precious")];
    writeFileSync(precious, "");
    symlinkSync(precious, path + end);
    await assert.rejects(new CatalogueDisk(new RecordingLog()).open(path, signal), (error) => {
      assert.ok(error instanceof FatalError);
      assert.ok(
        error.message.includes(`${path}${end} is a link, not a file of brigade's: remove it`),
        error.message,
      );
      return true;
    });
    assert.equal(readFileSync(precious, "utf8"), "");
  });
}

test("a ledger's catalogue may be a link where people put it; it is for its owner alone", async () => {
  await using folder = await temporaryFolder();
  const [path, elsewhere] = [join(folder.path, "catalogue.sqlite"), join(folder.path, "elsewhere")];
  writeFileSync(elsewhere, "", { mode: 0o644 });
  symlinkSync(elsewhere, path);
  await using _ = await new CatalogueDisk(new RecordingLog()).open(path, signal);
  assert.equal(lstatSync(elsewhere).mode & 0o777, 0o600);
});

test("a folder that is missing ends the ledger, with what must be there", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "missing", "catalogue.sqlite");
  await assert.rejects(new CatalogueDisk(new RecordingLog()).open(path, signal), /a folder that exists/);
});
