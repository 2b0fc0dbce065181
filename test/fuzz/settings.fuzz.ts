import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readEnvironment } from "../../packages/cli/src/environment.ts";
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

/** What stands in a file that is read from the folder one stands in. */
function read(bytes: string | Uint8Array): Readonly<Record<string, string | undefined>> {
  writeFileSync(join(folder, ".env"), bytes);
  const before = process.cwd();
  process.chdir(folder);
  try {
    return readEnvironment({}, {});
  } finally {
    process.chdir(before);
  }
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
