import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { explicitTree, objectsOf, startBucket } from "../bucket/index.ts";
import { type FileSystem, imageDisk, noFileSystem } from "../disks/image-disk.ts";
import { brigade, environmentFor, temporaryFolder } from "../e2e/brigade.ts";

const names = [
  ...["a.jpg", "A.jpg", "IMG_1.JPG", "img_1.jpg", "Img_1.jpg", "con", "CON.txt", "nul.tar.gz", "com1 .log"],
  ...[
    "end.",
    "end ",
    'q"*<>|',
    "co:lon",
    "back\\slash",
    "é.jpg",
    "e\u0301.jpg",
    "É.jpg",
    "图片.png",
    "😀.gif",
  ],
  ...[
    "ß",
    "ss",
    "SS",
    "photog~1.jpg",
    "100%~.jpg",
    "Photo",
    "photo",
    `${"n".repeat(250)}.JPG`,
    "é".repeat(140),
  ],
];
const tree = explicitTree(
  ["", "Dir/", "dir/", "aux/", "图/É/"].flatMap((folder) =>
    names.map((name, i): [string, { size: number }] => [`${folder}${name}`, { size: 100 + i }]),
  ),
);
const keys = [...objectsOf(tree)].map(({ key }) => key);

/** What a file system may take for one name is the same. */
function folded(name: string): string {
  return name.normalize("NFKD").toUpperCase().toLowerCase().normalize("NFKD");
}

/** Asserts of all names below a folder that Windows holds them, and that no two may become one. */
async function assertPortable(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const seen = new Set(entries.map(({ name }) => folded(name)));
  assert.equal(seen.size, entries.length, `names that may become one in ${folder}`);
  let files = 0;
  for (const entry of entries) {
    const { name } = entry;
    assert.ok(name.length <= 255, name);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: Windows refuses them
    assert.doesNotMatch(name, /[\u0000-\u001f\u007f"*:<>?\\|]|[. ]$/);
    assert.doesNotMatch(name, /^(con|prn|aux|nul|com\d|lpt\d) *(\.|$)/i);
    files += entry.isDirectory() ? await assertPortable(join(folder, name)) : 1;
  }
  return files;
}

const kinds: readonly FileSystem[] = ["ext4", "xfs", "exfat", "ntfs", "fat"];
const has = kinds.filter((kind) => noFileSystem(kind) === undefined);

for (const kind of kinds) {
  test(`a copy with portable names onto ${kind}: every object comes back by its key`, {
    skip: noFileSystem(kind) ?? false,
  }, async (t) => {
    const bucket = await startBucket({ tree });
    t.after(() => bucket[Symbol.asyncDispose]());
    const [root, state] = [imageDisk(t, kind), await temporaryFolder(t)];
    const environment = environmentFor(bucket);
    const copy = () =>
      brigade(
        ["copy", "upyun://demo/", root, "--names", "portable", "--state-dir", state, "--json"],
        environment,
      );
    const { code, stdout, stderr } = await copy();
    assert.equal(code, 0, stderr);
    assert.equal(JSON.parse(stdout).counts.stored.objects, keys.length);
    assert.equal(await assertPortable(join(root, "demo")), keys.length);
    const verified = await brigade(["verify", root], environment);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const again = JSON.parse((await copy()).stdout);
    assert.deepEqual([again.counts.stored.objects, again.counts.unchanged.objects], [0, keys.length]);
  });
}

test("one copy onto a volume of each kind has every object once, with the same names", {
  skip: has.length < 2 && "too few kinds of disks",
}, async (t) => {
  const bucket = await startBucket({ tree });
  t.after(() => bucket[Symbol.asyncDispose]());
  const roots = has.map((kind) => imageDisk(t, kind));
  const state = await temporaryFolder(t);
  const environment = { ...environmentFor(bucket), PLACEMENT: "round-robin", BATCH_FILES: "4" };
  const given = ["copy", "upyun://demo/", ...roots, "--names", "portable", "--state-dir", state];
  const { code, stderr } = await brigade(given, environment);
  assert.equal(code, 0, stderr);
  const counts = await Promise.all(roots.map((root) => assertPortable(join(root, "demo"))));
  assert.equal(
    counts.reduce((sum, count) => sum + count),
    keys.length,
  );
  assert.ok(
    counts.every((count) => count > 0),
    String(counts),
  );
});

test("the names of a volume are kept, and cannot be changed", async (t) => {
  const bucket = await startBucket({ tree: explicitTree([["IMG.JPG", { size: 10 }]]) });
  t.after(() => bucket[Symbol.asyncDispose]());
  const [portable, plain] = [await temporaryFolder(t), await temporaryFolder(t)];
  const environment = environmentFor(bucket);
  const init = (...args: string[]) => brigade(["volume", "init", ...args], environment);
  assert.equal((await init(portable, "--names", "portable")).code, 0);
  assert.equal((await init(plain)).code, 0);
  const noted = JSON.parse(await readFile(join(portable, ".brigade/volume.json"), "utf8"));
  assert.deepEqual([noted.version, noted.traits.names], [2, "portable"]);
  for (const [root, names] of [
    [portable, "plain"],
    [plain, "portable"],
  ] as const) {
    for (const { code, stderr } of [
      await init(root, "--names", names),
      await brigade(["copy", "upyun://demo/", root, "--names", names], environment),
    ]) {
      assert.equal(code, 2);
      assert.match(stderr, /names.*cannot be changed/);
    }
  }
  assert.equal((await init(plain, "--names", "short")).code, 2);
  const copied = await brigade(["copy", "upyun://demo/", portable], environment);
  assert.equal(copied.code, 0, copied.stderr);
  assert.deepEqual(await readdir(join(portable, "demo")), ["IMG%~uf3~.JPG"]);
});
