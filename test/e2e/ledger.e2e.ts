import assert from "node:assert/strict";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  type Bucket,
  explicitTree,
  type ObjectSet,
  objectsOf,
  startBucket,
  syntheticTree,
} from "../bucket/index.ts";
import { brigade, environmentFor, temporaryFolder } from "./brigade.ts";

const tree = syntheticTree({ directories: 4, filesPerDirectory: 50, minSize: 100, maxSize: 900, seed: 21 });
const keys = [...objectsOf(tree)].map(({ key }) => key);

interface Place {
  readonly bucket: Bucket;
  readonly volumes: readonly [string, string];
  /** Runs a command that must end with this code; returns its standard output. */
  readonly run: (code: number, ...args: string[]) => Promise<string>;
  /**
   * The same for a command that asks the catalogue of the copy; returns the documents that it
   * prints, one per line.
   */
  readonly ask: (code: number, ...args: string[]) => Promise<Record<string, unknown>[]>;
}

/** A bucket and two volumes, nothing copied yet. */
async function place(t: TestContext, its: ObjectSet = tree): Promise<Place> {
  const bucket = await startBucket({ tree: its });
  t.after(() => bucket.close());
  const folder = await temporaryFolder(t);
  const volumes = [join(folder, "red"), join(folder, "blue")] as const;
  const run = async (code: number, ...args: string[]) => {
    const finished = await brigade(args, environmentFor(bucket));
    assert.equal(finished.code, code, `brigade ${args.join(" ")}: ${finished.stderr}${finished.stdout}`);
    return finished.stdout;
  };
  const ask = async (code: number, ...args: string[]) =>
    (await run(code, ...args, "--json", "--state-dir", volumes[0]))
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  return { bucket, volumes, run, ask };
}

async function copied(t: TestContext): Promise<Place> {
  const made = await place(t);
  await made.run(0, "copy", "upyun://demo/", ...made.volumes);
  return made;
}

test("after a copy, `where` finds every object and `volumes` lists what lies on each", async (t) => {
  const { bucket, volumes, run, ask } = await copied(t);
  const places = await ask(0, "where", "");
  assert.deepEqual(places.map(({ key }) => key).sort(), [...keys].sort());
  const contents = await run(0, "volumes", "--json", "--state-dir", volumes[0]);
  const known = new Map<string, { label: string; objects: number }>();
  for (const one of JSON.parse(contents)) known.set(one.volume, one);
  const roots: Record<string, string> = { red: volumes[0], blue: volumes[1] };
  for (const { key, volume, path, md5, label, standing } of places) {
    assert.equal(standing, "current");
    const root = roots[String(label)];
    assert.ok(root !== undefined && known.get(String(volume))?.label === label, `${key} on ${label}`);
    const bytes = await readFile(join(root, "demo", String(path)));
    assert.ok(bytes.equals(bucket.bodyOf(String(key))));
    assert.match(String(md5), /^[0-9a-f]{32}$/);
  }
  const objects = [...known.values()].reduce((sum, one) => sum + one.objects, 0);
  assert.equal(objects, keys.length);
  const [first] = keys;
  assert.deepEqual(
    (await ask(0, "where", first ?? "")).map(({ key }) => key),
    [first],
  );
  assert.match(await run(0, "status", "--state-dir", volumes[0]), /demo {2}complete/);
  await ask(3, "where", "no/such/object");
});

test("a catalogue that was lost is rebuilt from the manifests, and gives the same answers", async (t) => {
  const { volumes, run, ask } = await copied(t);
  const before = await ask(0, "where", "");
  for (const end of ["", "-wal", "-shm"]) {
    await rm(join(volumes[0], ".brigade", "state", `catalogue.sqlite${end}`), { force: true });
  }
  await run(0, "ledger", "rebuild", ...volumes, "--state-dir", volumes[0]);
  assert.deepEqual(await ask(0, "where", ""), before);
});

test("a backup of the catalogue answers as the catalogue does", async (t) => {
  const { volumes, ask } = await copied(t);
  const before = await ask(0, "where", "");
  const [backup] = await ask(0, "ledger", "backup");
  const state = join(volumes[0], ".brigade", "state");
  for (const end of ["", "-wal", "-shm"]) await rm(join(state, `catalogue.sqlite${end}`), { force: true });
  await writeFile(join(state, "catalogue.sqlite"), await readFile(String(backup?.path)));
  assert.deepEqual(await ask(0, "where", ""), before);
});

test("objects that failed are listed by class and directory, and tried again by the next copy when asked for", async (t) => {
  const { bucket, volumes, run, ask } = await place(t);
  const forbidden = keys.slice(5, 8);
  bucket.forbid(...forbidden);
  await run(3, "copy", "upyun://demo/", ...volumes);
  assert.deepEqual((await ask(0, "failed")).map(({ key }) => key).sort(), [...forbidden].sort());
  const [counted] = await ask(0, "failed", "--by", "class");
  assert.deepEqual([counted?.name, counted?.objects], ["forbidden", 3]);
  const directories = await ask(0, "failed", "--by", "directory");
  assert.equal(
    directories.reduce((sum, { objects }) => sum + Number(objects), 0),
    3,
  );
  assert.match(await run(0, "failed", "--state-dir", volumes[0]), /3 failed/);
  bucket.restore(...forbidden);
  const listed = bucket.counters.list;
  const fetched = bucket.counters.get;
  assert.deepEqual(
    (await ask(0, "retry", "--class", "damaged")).map(({ objects }) => objects),
    [0],
  );
  assert.deepEqual(
    (await ask(0, "retry", "--class", "forbidden")).map(({ objects }) => objects),
    [3],
  );
  await run(0, "copy", "upyun://demo/", ...volumes);
  assert.equal(bucket.counters.get - fetched, 3, "only those are fetched");
  assert.equal(bucket.counters.list - listed, 1, "nothing but the look before the run is listed");
  assert.deepEqual(await ask(0, "failed"), []);
  assert.match(await run(0, "status", "--state-dir", volumes[0]), /complete/);
});

test("a tree that another tool left is adopted, and only what differs, or is missing, is fetched", async (t) => {
  const { bucket, volumes, run } = await place(t);
  const [root] = volumes;
  const old = join(root, "old-copy");
  const different = keys[3] ?? "";
  const missing = keys[4] ?? "";
  for (const key of keys) {
    if (key === missing) continue;
    await mkdir(dirname(join(old, key)), { recursive: true });
    await writeFile(join(old, key), key === different ? "something else" : bucket.bodyOf(key));
  }
  await run(0, "volume", "init", root);
  const adopted = await run(3, "adopt", "upyun://demo/", old, "--state-dir", root, "--check-md5", "--json");
  const { adopted: taken, different: other, missing: left } = JSON.parse(adopted);
  assert.deepEqual([taken, other, left], [keys.length - 2, 1, 1]);
  assert.equal(await readFile(join(old, different), "utf8"), "something else");
  await run(0, "copy", "upyun://demo/", root);
  assert.equal(bucket.counters.get, 2);
  for (const key of keys) {
    assert.ok((await readFile(join(root, "demo", key))).equals(bucket.bodyOf(key)), key);
  }
  await run(0, "verify", root);
});

test("names with U+FFFD are adopted from a tree as others are, and do not stand for names whose bytes are no UTF-8", async (t) => {
  const names = ["\ufffd", "caf\ufffd.txt", "\ufffd\ufffd/a\ufffd", "caf\ufffd/b.txt"];
  const { bucket, volumes, run } = await place(t, explicitTree(names.map((name) => [name, { size: 300 }])));
  const [root] = volumes;
  const old = join(root, "old-copy");
  const latin1 = Buffer.from("caf\xe9.txt", "latin1"); // read as UTF-8 it is the second name
  for (const name of names) {
    const bytes = name === names[1] ? latin1 : Buffer.from(name);
    await mkdir(dirname(join(old, name)), { recursive: true });
    await writeFile(Buffer.concat([Buffer.from(`${old}/`), bytes]), bucket.bodyOf(name));
  }
  await run(0, "volume", "init", root);
  const adopted = await run(0, "adopt", "upyun://demo/", old, "--state-dir", root, "--json");
  const { adopted: taken, different, missing } = JSON.parse(adopted);
  assert.deepEqual([taken, different, missing], [3, 0, 1]);
  const left = await readdir(old, { encoding: "buffer" });
  assert.ok(left.some((name) => name.equals(latin1)));
  await run(0, "copy", "upyun://demo/", root);
  assert.equal(bucket.counters.get, 1);
  for (const name of names) {
    assert.ok((await readFile(join(root, "demo", name))).equals(bucket.bodyOf(name)), name);
  }
  await run(0, "verify", root);
});

test("after `volume forget` exactly the objects of the lost disk are fetched again", async (t) => {
  const { bucket, volumes, run, ask } = await place(t);
  const [first = ""] = keys;
  const state = join(volumes[0], ".brigade", "state");
  await run(0, "copy", "upyun://demo/", volumes[1], "--include", `${dirname(first)}/*`, "--state-dir", state);
  await run(0, "copy", "upyun://demo/", volumes[0]);
  const lost = (await ask(0, "where", "")).filter(({ label }) => label === "blue");
  assert.equal(lost.length, 50);
  await rm(volumes[1], { recursive: true });
  await run(0, "copy", "upyun://demo/", volumes[0]);
  assert.equal(bucket.counters.get, keys.length, "a disk that is only away is no loss");
  const [told] = await ask(0, "volume", "forget", "blue");
  assert.equal(told?.forgotten, lost.length);
  await run(0, "copy", "upyun://demo/", volumes[0]);
  assert.equal(bucket.counters.get, keys.length + lost.length);
  for (const key of keys)
    assert.ok((await readFile(join(volumes[0], "demo", key))).equals(bucket.bodyOf(key)), key);
  await ask(2, "volume", "forget", "green");
});

test("`audit` finds the changes of a bucket, and none in an unchanged one, with any volumes", async (t) => {
  const { bucket, ask } = await copied(t);
  assert.deepEqual(await ask(0, "audit", "upyun://demo/"), []);
  const [gone = "", changed = ""] = keys;
  bucket.remove(gone);
  bucket.put(changed, { bytes: Buffer.from("changed"), modified: Math.floor(Date.now() / 1000) });
  bucket.put("new/object", Buffer.from("new"));
  const differences = await ask(3, "audit", "upyun://demo/");
  assert.deepEqual(differences.map(({ kind, key }) => `${kind} ${key}`).sort(), [
    `changed ${changed}`,
    `gone ${gone}`,
    "new new/object",
  ]);
  // Only a GET of an object shows that it is gone.
  assert.equal(bucket.counters.get, keys.length + 1, "an audit fetches nothing");
});
