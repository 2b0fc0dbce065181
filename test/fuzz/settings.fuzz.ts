import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readSettingsFile } from "../../packages/cli/src/settings/file/settings-file.ts";
import { type Family, reads } from "./family.ts";
import { foreignText } from "./foreign.ts";

const folder = mkdtempSync(join(tmpdir(), "fuzz-settings-"));
const words = [
  "UPYUN_PASSWORD=",
  "export ",
  "a b",
  "#",
  " #",
  "'",
  '"',
  "`",
  "\\n",
  "$X",
  "${",
  ":-1}",
  "\n",
  "\r\n",
  "\ufeff",
  "=",
];

/** Returns the variables of a settings file with these bytes, and the warnings. */
function read(bytes: string | Uint8Array): Readonly<Record<string, string | undefined>> {
  const path = join(folder, "own.env");
  writeFileSync(path, bytes);
  const file = readSettingsFile(path);
  assert.ok(file !== undefined && "values" in file);
  for (const warning of file.warnings) assert.match(warning, /^line \d+: /);
  return file.values;
}

export const family: Family = {
  name: "settings",
  properties: [
    reads(
      ".env of any text is read, or a ConfigError",
      fc.oneof(foreignText(words), fc.uint8Array()),
      (bytes) => {
        for (const value of Object.values(read(bytes))) assert.equal(typeof value, "string");
      },
    ),
    reads(
      "a quoted value of .env is what stands between the quotes",
      fc.string({ unit: "grapheme-ascii" }).map((text) => text.replaceAll(/['\\]/g, "")),
      (value) => {
        assert.equal(read(`NAME='${value}'\n`).NAME, value);
      },
    ),
  ],
  end: async () => rmSync(folder, { recursive: true }),
};
