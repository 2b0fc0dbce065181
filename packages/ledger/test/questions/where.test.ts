import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLog } from "../../../../test/logs.ts";
import { type Catalogue, type Location, type LocationQuery, openCatalogue } from "../../src/index.ts";
import { object, result } from "../messages.ts";
import { all, job, newCatalogue } from "../set-up.ts";

const names = ["a.jpg", "a_b", "a%b", 'a"b', "a'b", "ab", "ä", "\u{1f600}", "\u{1f600}x", "a\tb\n"];

/** Stores the names in a directory, on one volume. */
async function store(
  catalogue: Catalogue,
  directory: string,
  stored: readonly string[],
  fields: { volume?: string; at?: number; size?: number } = {},
): Promise<void> {
  const { size = 100, ...more } = fields;
  const objects = stored.map((name, i) => object(i, { name, size }, "stored"));
  await catalogue.recording.record([result({ directory, objects, ...more })]);
}

async function keys(catalogue: Catalogue, query: LocationQuery): Promise<string[]> {
  return (await all(catalogue.questions.where(query))).map(({ key }) => key);
}

/** As SQLite orders text: by code points. */
function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe("where an object lies", () => {
  test("is found by its key, with all that is recorded of it", async () => {
    await using made = await newCatalogue();
    await made.catalogue.recording.noteVolumes([{ id: "vol-a", host: "host-1", label: "red" }], 1);
    const more = { size: 70, path: "2019/~con", etag: "W/1", at: 1_600_000_000 };
    const objects = [object(0, { name: "con", size: 100 }, "stored", more)];
    await made.catalogue.recording.record([result({ directory: "2019", objects })]);
    const expected: Location = {
      source: "photos",
      fingerprint: "f1",
      key: "2019/con",
      standing: "current",
      volume: "vol-a",
      label: "red",
      host: "host-1",
      path: "2019/~con",
      size: 70,
      listedSize: 100,
      modified: 1_100,
      storedAt: 1_600_000_000,
      md5: objects[0]?.md5 ?? "",
      verified: true,
      etag: "W/1",
    };
    assert.deepEqual(await all(made.catalogue.questions.where({ key: "2019/con" })), [expected]);
    assert.deepEqual(await all(made.catalogue.questions.where({ key: "2019/co" })), []);
    assert.deepEqual(await all(made.catalogue.questions.where({ key: "con" })), []);
    assert.deepEqual(await all(made.catalogue.questions.where({ key: "/2019/con" })), []);
  });

  test("is found in the root and under any name that can be stored", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, "", names);
    await store(made.catalogue, "d ä/'", names);
    for (const name of names) {
      assert.deepEqual(await keys(made.catalogue, { key: name }), [name]);
      assert.deepEqual(await keys(made.catalogue, { key: `d ä/'/${name}` }), [`d ä/'/${name}`]);
    }
  });

  test("has the time when it was stored, not when that was reported, if both are recorded", async () => {
    await using made = await newCatalogue();
    const entry = { name: "a", size: 1 };
    await made.catalogue.recording.record([
      result({ directory: "", at: 9_000_000, objects: [object(0, entry, "stored")] }),
      result({
        directory: "",
        at: 9_999_000,
        volume: "vol-b",
        objects: [object(0, entry, "stored", { at: 8_000 })],
      }),
    ]);
    const found = await all(made.catalogue.questions.where({ key: "a" }));
    assert.deepEqual(
      found.map(({ volume, storedAt }) => [volume, storedAt]),
      [
        ["vol-a", 9_000],
        ["vol-b", 8_000],
      ],
    );
  });

  test("is found for every source that has the key, or for the requested one", async () => {
    await using made = await newCatalogue();
    const films = { id: "job-2", source: "films", fingerprint: "f1" };
    await made.catalogue.jobs.open({ ...films, prefix: "", filters: {}, startedAt: 1 });
    await store(made.catalogue, "a", ["x"]);
    const objects = [object(0, { name: "x", size: 5 }, "stored")];
    await made.catalogue.recording.record([
      { ...result({ directory: "a", objects, volume: "vol-b" }), job: films },
    ]);
    const sources = async (query: LocationQuery) =>
      (await all(made.catalogue.questions.where(query))).map(({ source, volume }) => [source, volume]);
    const both = [
      ["photos", "vol-a"],
      ["films", "vol-b"],
    ];
    assert.deepEqual(await sources({ key: "a/x" }), both);
    assert.deepEqual(await sources({ prefix: "a" }), both);
    assert.deepEqual(await sources({ key: "a/x", source: "films" }), both.slice(1));
    assert.deepEqual(await sources({ prefix: "", source: "films" }), both.slice(1));
    assert.deepEqual(await sources({ key: "a/x", source: "books" }), []);
  });
});

describe("a prefix", () => {
  const directories = ["", "2", "2019", "2019-b", "2019/05", "2019/05/17", "2019/0%", "2019/_5", "ä", "äb/c"];

  test("finds exactly the keys that begin with it, whatever characters it has", async () => {
    await using made = await newCatalogue();
    for (const directory of directories) await store(made.catalogue, directory, names);
    const stored = directories.flatMap((directory) =>
      names.map((name) => (directory === "" ? name : `${directory}/${name}`)),
    );
    const prefixes = ["", "2", "2019", "2019/", "2019/05", "2019/05/", "2019/05/a", "2019/0%", "2019/_", "%"];
    for (const prefix of [
      ...prefixes,
      "a_",
      "a%",
      'a"',
      "a'",
      "ä",
      "äb",
      "\u{1f600}",
      "a\t",
      "zz",
      "/",
      "2019//",
    ]) {
      const expected = stored.filter((key) => key.startsWith(prefix)).toSorted(byCodePoints);
      const found = await keys(made.catalogue, { prefix });
      assert.deepEqual(found.toSorted(byCodePoints), expected, `prefix ${prefix}`);
    }
  });

  test("finds them by directory, then by name", async () => {
    await using made = await newCatalogue();
    for (const directory of ["b", "", "a/c", "a"]) await store(made.catalogue, directory, ["y", "x"]);
    assert.deepEqual(await keys(made.catalogue, { prefix: "" }), [
      "x",
      "y",
      "a/x",
      "a/y",
      "a/c/x",
      "a/c/y",
      "b/x",
      "b/y",
    ]);
  });

  test("finds many objects, in few directories or many, each once", async () => {
    await using made = await newCatalogue();
    const numbered = Array.from({ length: 1_201 }, (_, i) => `n${String(i).padStart(4, "0")}`);
    await store(made.catalogue, "", numbered);
    await store(made.catalogue, "n", numbered);
    await store(made.catalogue, "n", numbered.slice(0, 700), { volume: "vol-b", at: 1_800_000_000_000 });
    const leaves = numbered.map((name) => ({
      directory: `n/${name}`,
      objects: [object(0, { name, size: 1 }, "stored")],
    }));
    await made.catalogue.recording.record(leaves.map((leaf) => result(leaf)));
    const film = { listedSize: 1, size: 1, modified: 1, storedAt: 1 };
    const films = numbered.map((name) => ({ ...film, key: name }));
    await made.catalogue.recording.restore(
      { source: "films", fingerprint: "f1" },
      { id: "vol-a", host: "host-1" },
      films,
    );
    const found = await all(made.catalogue.questions.where({ prefix: "n" }));
    assert.equal(found.length, 4 * 1_201 + 700);
    assert.equal(
      new Set(found.map(({ source, key, volume }) => `${source} ${key} ${volume}`)).size,
      found.length,
    );
    assert.deepEqual(await all(made.catalogue.questions.storedDirectories(job, "n")), [
      "n",
      ...leaves.map(({ directory }) => directory),
    ]);
    const names = await all(made.catalogue.questions.storedNames(job, "n"));
    assert.deepEqual(
      names.map(({ name }) => name),
      numbered,
    );
  });
});

describe("a state on another volume", () => {
  const at = 1_700_000_000_000;
  const standings = async (catalogue: Catalogue) =>
    (await all(catalogue.questions.where({ prefix: "" }))).map(({ volume, standing }) => [volume, standing]);

  test("is a duplicate when it is the same, else superseded; the last stored comes first", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, "a", ["x"], { volume: "vol-a", at, size: 50 });
    await store(made.catalogue, "a", ["x"], { volume: "vol-b", at: at + 1_000, size: 100 });
    await store(made.catalogue, "a", ["x"], { volume: "vol-c", at: at + 2_000, size: 100 });
    assert.deepEqual(await standings(made.catalogue), [
      ["vol-c", "current"],
      ["vol-b", "duplicate"],
      ["vol-a", "superseded"],
    ]);
  });

  test("is superseded when its etag is another", async () => {
    await using made = await newCatalogue();
    for (const [i, etag] of ["one", "two", undefined].entries()) {
      const objects = [object(0, { name: "x", size: 1 }, "stored", etag === undefined ? {} : { etag })];
      await made.catalogue.recording.record([
        result({ directory: "a", objects, volume: `vol-${i}`, at: at - i * 1_000 }),
      ]);
    }
    assert.deepEqual(await standings(made.catalogue), [
      ["vol-0", "current"],
      ["vol-1", "superseded"],
      ["vol-2", "duplicate"],
    ]);
  });

  test("is replaced by what is stored there later", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, "a", ["x"], { volume: "vol-a", at, size: 50 });
    await store(made.catalogue, "a", ["x"], { volume: "vol-b", at: at + 1_000 });
    await store(made.catalogue, "a", ["x"], { volume: "vol-a", at: at + 2_000 });
    assert.deepEqual(await standings(made.catalogue), [
      ["vol-a", "current"],
      ["vol-b", "duplicate"],
    ]);
  });
});

describe("a directory's files", () => {
  test("are unchanged, changed or new", async () => {
    await using made = await newCatalogue();
    await store(made.catalogue, "a", ["x", "y"]);
    const file = { name: "x", size: 100, modified: 1_100 };
    const files = [file, { ...file, name: "y", size: 9 }, { ...file, name: "z" }, { ...file, name: "y" }];
    assert.deepEqual(await made.catalogue.history.compare(job, "a", files), [
      "unchanged",
      "changed",
      "new",
      "unchanged",
    ]);
    assert.deepEqual(await made.catalogue.history.compare(job, "b", [file]), ["new"]);
    assert.deepEqual(await made.catalogue.history.compare({ ...job, fingerprint: "f2" }, "a", [file]), [
      "new",
    ]);
  });

  test("that are stored are listed by name, with size on disk and volume", async () => {
    await using made = await newCatalogue();
    const objects = [
      object(0, { name: "y", size: 7 }, "stored"),
      object(1, { name: "x", size: 9 }, "stored", { size: 5 }),
    ];
    await made.catalogue.recording.record([result({ directory: "a", objects })]);
    await store(made.catalogue, "a/b", ["z"]);
    assert.deepEqual(await all(made.catalogue.questions.storedNames(job, "a")), [
      { name: "x", volume: "vol-a", size: 5 },
      { name: "y", volume: "vol-a", size: 7 },
    ]);
    assert.deepEqual(await all(made.catalogue.questions.storedNames(job, "c")), []);
  });

  test("are found in the directories at or below one, not beside it, nor in empty ones", async () => {
    await using made = await newCatalogue();
    for (const directory of ["", "a", "a-b", "a/c", "a/c/d", "ab"])
      await store(made.catalogue, directory, ["x"]);
    const failed = [object(0, { name: "x", size: 1 }, "failed")];
    await made.catalogue.recording.record([result({ directory: "a/e", objects: failed, volume: undefined })]);
    const below = (top: string) => all(made.catalogue.questions.storedDirectories(job, top));
    assert.deepEqual(await below("a"), ["a", "a/c", "a/c/d"]);
    assert.deepEqual(await below("a/c"), ["a/c", "a/c/d"]);
    assert.deepEqual(await below("a/e"), []);
    assert.deepEqual(await below(""), ["", "a", "a-b", "a/c", "a/c/d", "ab"]);
  });
});

test("where objects lie is known again when the catalogue is opened again", async () => {
  await using made = await newCatalogue();
  await store(made.catalogue, "a", ["x"]);
  const before = await all(made.catalogue.questions.where({ prefix: "" }));
  await made.catalogue[Symbol.asyncDispose]();
  await using again = await openCatalogue({ path: made.path, log: silentLog });
  assert.equal(before.length, 1);
  assert.deepEqual(await all(again.questions.where({ prefix: "" })), before);
});
