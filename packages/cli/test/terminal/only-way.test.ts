import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../..", import.meta.url));
const biome = join(root, "node_modules/.bin/biome");

/** Ways past `terminal.ts`: each as a command that somebody may write next. */
const ways: readonly (readonly [name: string, code: string])[] = [
  ["stdout", "export const tell = (key: string) => process.stdout.write(key);"],
  ["stderr", "export const tell = (key: string) => process.stderr.write(key);"],
  ["console", "export const tell = (key: string) => console.log(key);"],
  ["brackets", 'export const tell = (key: string) => process["stdout"].write(key);'],
  ["taken-out", "const { stdout } = process;\nexport const tell = (key: string) => stdout.write(key);"],
  [
    "imported",
    'import { stdout } from "node:process";\nexport const tell = (key: string) => stdout.write(key);',
  ],
  [
    "descriptor",
    'import { writeSync } from "node:fs";\nexport const tell = (key: string) => writeSync(1, key);',
  ],
];

test("the linter refuses a command that writes to a terminal by itself, in whatever way", () => {
  const folder = mkdtempSync(join(root, "packages/cli/src/commands/lint-"));
  try {
    const files = ways.map(([name, code]) => {
      const file = join(folder, `${name}.ts`);
      writeFileSync(file, `${code}\n`);
      return file;
    });
    const { stdout, stderr } = spawnSync(biome, ["lint", "--colors=off", ...files], {
      cwd: root,
      encoding: "utf8",
    });
    for (const [name] of ways) {
      const told = new RegExp(`${name}\\.ts:\\d+:\\d+ plugin`);
      assert.match(stdout + stderr, told, `${name} passes`);
    }
    assert.match(stdout + stderr, /the only way out to a terminal/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
