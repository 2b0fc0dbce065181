import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { openVolume } from "../../src/index.ts";
import { scratchFolder } from "../scratch.ts";

const line = (key: string) => `${JSON.stringify({ source: "photos", key })}\n`;

test("what a power cut tore out of a dead instance's last segments is no longer among its lines", async (t) => {
  const root = scratchFolder(t);
  await (await openVolume(root, { init: true, instance: "a", durability: "none", log: silentLog }))[
    Symbol.asyncDispose
  ]();
  const manifest = join(root, ".brigade/manifest");
  const write = (name: string, text: string) => writeFileSync(join(manifest, name), text);
  const read = (name: string) => readFileSync(join(manifest, name), "utf8");
  const torn = `${line("a/b")}${line("c").slice(0, 9)}${"\0".repeat(500)}${line("d").slice(4)}${line("e")}${line("f").slice(0, 20)}`;
  for (const name of ["dead-1.ndjson", "dead-9.ndjson", "dead-10.ndjson", "dead-x-1.ndjson"])
    write(name, torn);
  mkdirSync(join(root, ".brigade/tmp/dead"));
  writeFileSync(join(root, ".brigade/tmp/dead/lock"), "");

  await using _volume = await openVolume(root, {
    init: false,
    instance: "b",
    durability: "none",
    log: silentLog,
  });

  assert.equal(read("dead-9.ndjson"), line("a/b") + line("e"));
  assert.equal(read("dead-10.ndjson"), line("a/b") + line("e"));
  assert.equal(read("dead-1.ndjson"), torn, "an older segment was synced: it is not touched");
  assert.equal(read("dead-x-1.ndjson"), torn, "another instance's");
});
