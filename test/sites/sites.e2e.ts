import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { before, type TestContext, test } from "node:test";
import { brigade, temporaryFolder } from "../e2e/brigade.ts";
import { filesBelow } from "../e2e/disk.ts";
import { requirePrograms } from "../programs.ts";
import { programs, sites } from "./site.ts";

before(() => requirePrograms(...programs));

/** In winter and in summer time, none at a full minute. */
const dates = [1_700_000_017, 1_752_000_029, 1_760_000_044];

const odd = [
  "a b",
  "100%.jpg",
  "%41",
  "a+b",
  "it's",
  'quo"te',
  "c#d?e=f&g",
  "back\\slash",
  "`tick",
  "中文",
  "é",
  "e\u0301",
  "a...",
  "UPPER",
  "upper",
  "~!*()[]{}|^;:@,$",
  "a name that is longer than what index pages show of it, so that they end it with dots.jpg",
  "packed.tar.gz",
  "&amp;",
  "\ufffd",
  "<script>alert(1)",
];

/** Files by path, below `pub/` on the server. None begins with a dot: nginx does not list those. */
function writeSite(root: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const [n, name] of odd.entries()) files.set(name, Buffer.from(`${name} ${"x".repeat(n * 977)}`));
  for (const name of odd.slice(0, -1)) files.set(`d ${name}/deeper/${name}`, Buffer.from(`in ${name}`));
  files.set("empty.txt", Buffer.alloc(0));
  files.set("large.bin", Buffer.alloc(3_000_000, "large"));
  [...files].forEach(([path, content], index) => {
    const file = join(root, "pub", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    const date = dates[index % dates.length] ?? 0;
    utimesSync(file, date, date);
  });
  mkdirSync(join(root, "pub", "nothing in here"));
  writeFileSync(join(root, "beside.txt"), "not asked for");
  return files;
}

async function scene(t: TestContext) {
  const folder = await temporaryFolder(t);
  chmodSync(folder, 0o755); // servers that drop root's rights must be able to read it
  const [root, volume] = [join(folder, "root"), join(folder, "volume")];
  mkdirSync(root);
  mkdirSync(volume);
  return { root, volume, home: join(folder, "home"), files: writeSite(root) };
}

async function copy(code: number, ...args: string[]) {
  const finished = await brigade(["copy", ...args, "--json"]);
  assert.equal(finished.code, code, finished.stderr + finished.stdout);
  return JSON.parse(finished.stdout) as {
    readonly counts: Record<"stored" | "unchanged", { objects: number }>;
    readonly failed: readonly { key: string; reason: string }[];
  };
}

for (const [name, start] of Object.entries(sites)) {
  test(`${name}: a tree comes whole, with its times; a second run fetches what is new, changed or deleted`, async (t) => {
    const { root, volume, home, files } = await scene(t);
    await using site = await start(home, root);
    const source = `${site.url}/pub/`;
    const first = await copy(0, source, volume);
    assert.equal(first.counts.stored.objects, files.size);

    const stored = join(volume, new URL(site.url).host.replaceAll(/[.:]/g, "-"), "pub");
    assert.deepEqual(await filesBelow(stored), [...files.keys()].sort());
    for (const [path, content] of files) {
      const [file, original] = [join(stored, path), join(root, "pub", path)];
      assert.ok((await readFile(file)).equals(content), `${path} has other bytes`);
      const [kept, listed] = [file, original].map((one) => Math.floor(statSync(one).mtimeMs / 1000));
      // nginx's HTML has times in minutes where it has exact sizes.
      const minute = (listed ?? 0) - ((listed ?? 0) % 60);
      const possible = /^nginx( with rounded sizes)?$/.test(name) ? [minute, listed] : [listed];
      assert.ok(possible.includes(kept), `${path} is of ${listed}, dated ${kept}`);
    }

    writeFileSync(join(root, "pub", "new.txt"), "new");
    writeFileSync(join(root, "pub", "upper"), "changed, and longer than before");
    rmSync(join(stored, "UPPER"));
    const second = await copy(0, source, volume);
    assert.equal(second.counts.stored.objects, 3);
    assert.equal(second.counts.unchanged.objects, files.size - 2);
    assert.equal((await readFile(join(stored, "upper"))).toString(), "changed, and longer than before");
  });
}

test("a directory with a page of its own in place of an index is reported, does not count as empty, and the rest comes", async (t) => {
  const { root, volume, home, files } = await scene(t);
  cpSync(join(root, "pub", "a b"), join(root, "pub", "d a b", "hidden.txt"));
  writeFileSync(
    join(root, "pub", "d a b", "index.html"),
    "<title>Welcome</title><a href='hidden.txt'>one</a>",
  );
  await using site = await (sites.nginx ?? assert.fail())(home, root);
  const finished = await brigade(["copy", `${site.url}/pub/`, volume]);
  assert.equal(finished.code, 3, finished.stderr);
  assert.match(finished.stdout, /could not list "pub\/d a b".*index\.html/);
  const hidden = [...files.keys()].filter((path) => path.startsWith("d a b/")).length;
  assert.match(finished.stdout, new RegExp(`stored +${files.size - hidden} `));
});

for (const server of ["nginx", "nginx in JSON", "Apache"])
  test(`${server}: names whose bytes are not UTF-8 fail by their bytes, beside ones of U+FFFD, which are stored`, async (t) => {
    const { root, volume, home, files } = await scene(t);
    const undecodable = (bytes: number[]) =>
      Buffer.concat([Buffer.from(`${join(root, "pub")}/`), Buffer.from(bytes)]);
    writeFileSync(undecodable([0xe9, 0x2e, 0x6a]), "latin");
    writeFileSync(undecodable([0xe8]), "latin");
    writeFileSync(join(root, "pub", "\ufffd.j"), "no latin");
    await using site = await (sites[server] ?? assert.fail())(home, root);
    const source = `${site.url}/pub/`;
    const told = await copy(3, source, volume);
    assert.equal(told.counts.stored.objects, files.size + 1);
    assert.deepEqual(told.failed.map(({ key, reason }) => [key, /not UTF-8/.test(reason)]).sort(), [
      ["pub/\\xE8", true],
      ["pub/\\xE9.j", true],
    ]);
    const verified = await brigade(["verify", volume, "--json"]);
    assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    const audited = await brigade(["audit", source, "--state-dir", volume, "--json"]);
    assert.equal(audited.stdout.match(/"kind":"new"/g)?.length, 2, audited.stdout + audited.stderr);
  });

test("a wide directory comes in pages, whole", async (t) => {
  const { root, volume, home } = await scene(t);
  const wide = join(root, "wide");
  mkdirSync(wide);
  const names = Array.from({ length: 5_000 }, (_, index) => `file-${index}.txt`);
  for (const name of names) writeFileSync(join(wide, name), createHash("md5").update(name).digest("hex"));
  await using site = await (sites.nginx ?? assert.fail())(home, root);
  const told = await copy(0, `${site.url}/wide`, volume);
  assert.equal(told.counts.stored.objects, names.length);
});

test("`doctor` lists a site and fetches a file of it; a path that is not there is reported in one line", async (t) => {
  const { root, volume, home } = await scene(t);
  await using site = await (sites.Apache ?? assert.fail())(home, root);
  const well = await brigade(["doctor", `${site.url}/pub/`, volume]);
  assert.equal(well.code, 0, well.stdout + well.stderr);
  assert.match(well.stdout, /ok {4}listing/);
  assert.match(well.stdout, /ok {4}object/);
  const gone = await brigade(["copy", `${site.url}/nowhere/`, volume]);
  assert.equal(gone.code, 2);
  assert.match(gone.stderr, /there is no directory "nowhere"/);
  const file = await brigade(["copy", `${site.url}/beside.txt`, volume]);
  assert.equal(file.code, 2, file.stderr);
});
