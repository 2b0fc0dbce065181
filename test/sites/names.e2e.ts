import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { requirePrograms } from "../programs.ts";
import { awkwardNames } from "./awkward-names.ts";
import { otherSites, programs, sites } from "./site.ts";

before(() => requirePrograms(...programs));

/**
 * Writes a file and a directory with a file in it for each name. Returns the paths below `pub/`.
 */
function writeTree(root: string): readonly string[] {
  const pub = join(root, "pub");
  const paths = awkwardNames.flatMap((name) => [name, join("in", name, name)]);
  for (const path of paths) {
    mkdirSync(join(pub, path, ".."), { recursive: true });
    writeFileSync(join(pub, path), `the bytes of ${path}`);
  }
  return paths;
}

interface Told {
  readonly failed: readonly { readonly key: string; readonly reason: string }[];
  readonly holes: {
    readonly failedDirectories: { readonly examples: readonly { directory: string; reason: string }[] };
  };
}

async function copied(t: TestContext, url: string) {
  const volume = join(await temporaryFolder(t), "volume");
  mkdirSync(volume);
  const finished = await brigade(["copy", `${url}/pub/`, volume, "--json"], { MAX_ATTEMPTS: "2" });
  const told = JSON.parse(finished.stdout) as Told;
  const stored = join(volume, new URL(url).host.replaceAll(/[.:]/g, "-"), "pub");
  return { code: finished.code, told, stored, found: await filesBelow(stored) };
}

test("the list has at least eighty awkward names", () => {
  assert.ok(new Set(awkwardNames).size >= 80);
});

for (const [name, start] of Object.entries({ ...sites, ...otherSites }))
  test(`${name}: files of awkward names come byte for byte under their names, or are named as missing`, async (t) => {
    const folder = await temporaryFolder(t);
    chmodSync(folder, 0o755); // servers that drop root's rights must be able to read it
    const root = join(folder, "root");
    const paths = writeTree(root);
    await using site = await start(join(folder, "home"), root);
    const { code, told, stored, found } = await copied(t, site.url);
    for (const path of found) {
      assert.ok(paths.includes(path), `${JSON.stringify(path)} is no name of the tree`);
      const bytes = await readFile(join(stored, path));
      assert.equal(bytes.toString(), `the bytes of ${path}`);
    }
    const missing = paths.filter((path) => !found.includes(path));
    const named = [
      ...told.failed.map(({ key }) => key),
      ...told.holes.failedDirectories.examples.map(({ directory }) => directory),
    ];
    t.diagnostic(`${found.length} of ${paths.length}; missing: ${JSON.stringify(missing)}`);
    if (name in sites) assert.deepEqual(missing, []);
    assert.equal(code, missing.length === 0 ? 0 : 3, JSON.stringify(told.failed));
    const unnamed = missing.filter((path) => !named.some((key) => `pub/${path}/`.startsWith(`${key}/`)));
    assert.deepEqual(unnamed, []);
  });
