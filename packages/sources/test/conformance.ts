import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type FileEntry, join, type ObjectEntry, type Page, type Source, SourceError } from "@brigade/core";

/** What the other side holds, and how it misbehaves. */
export interface SourceSetup {
  readonly objects: ReadonlyMap<string, Uint8Array>;
  /** A key that was there once: for a source whose listing outlives its objects. */
  readonly gone?: string;
  /** Rows a page, at most. */
  readonly pageSize: number;
  /** Keys whose body ends half-way, without an error of its own. */
  readonly truncated?: ReadonlySet<string>;
  /** Keys whose body stops half-way and stays silent. */
  readonly stalled?: ReadonlySet<string>;
  /** A directory whose listing never comes. */
  readonly stalledListing?: string;
}

/** Makes a source of this content for one test; undoes it by `t.after`. */
export type OpenSource = (t: TestContext, setup: SourceSetup) => Promise<Source>;

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
  "...",
  "UPPER",
  "upper",
  "~!*()[]{}|^;:@,$",
];

/** What every Source does. `dated`: its listings tell when objects were modified. */
export function sourceConformance(name: string, open: OpenSource, { dated = true } = {}): void {
  const check = (title: string, run: (t: TestContext) => Promise<void>) => test(`${name}: ${title}`, run);

  check("lists a directory page by page to its end, and nothing twice", async (t) => {
    const names = Array.from({ length: 23 }, (_, index) => `n${index}`);
    const objects = new Map(names.map((file) => [`dir/${file}`, bytes(file)]));
    objects.set("dir/sub/deep", bytes("deep"));
    objects.set("beside", bytes("beside"));
    const source = await open(t, { objects, pageSize: 5 });
    const pages = await walk(source, "dir");
    assert.ok(pages.length >= 5, "the pages are longer than asked for");
    const files = pages.flatMap((page) => page.files);
    assert.deepEqual(files.map((file) => file.name).sort(), [...names].sort());
    assert.deepEqual(
      pages.flatMap((page) => page.directories),
      ["sub"],
    );
    for (const file of files) assert.equal(file.size, objects.get(`dir/${file.name}`)?.byteLength);
    assert.ok(files.every(({ modified }) => (dated ? Number.isInteger(modified) : modified === undefined)));
  });

  check("gives the same page for the same cursor", async (t) => {
    const objects = new Map(Array.from({ length: 9 }, (_, index) => [`n${index}`, bytes("x")]));
    const source = await open(t, { objects, pageSize: 4 });
    const first = await source.listPage("", undefined, signal());
    const second = await source.listPage("", first.next, signal());
    assert.notDeepEqual(second, first);
    assert.deepEqual(await source.listPage("", first.next, signal()), second);
    assert.deepEqual(await source.listPage("", undefined, signal()), first);
  });

  check("throws for a missing directory, instead of listing it as empty", async (t) => {
    const source = await open(t, { objects: new Map([["a", bytes("a")]]), pageSize: 4 });
    await assert.rejects(source.listPage("nowhere", undefined, signal()), kind("missing"));
  });

  check("gives an object's bytes, whole and in pieces, and its metadata", async (t) => {
    const content = bytes("0123456789".repeat(30_000));
    const source = await open(t, { objects: new Map([["dir/a", content]]), pageSize: 4 });
    const object = await find(source, "dir/a");
    assert.equal(object.size, content.byteLength);
    const whole = await source.open(object, undefined, signal());
    assert.ok(whole.size === undefined || whole.size === content.byteLength);
    assert.deepEqual(await whole.bytes(), content);
    const pieces = await source.open(object, undefined, signal());
    assert.deepEqual(new Uint8Array(Buffer.concat(await Array.fromAsync(pieces.chunks()))), content);
  });

  check("gives a part of an object", async (t) => {
    const source = await open(t, { objects: new Map([["a", bytes("0123456789")]]), pageSize: 4 });
    const object = await find(source, "a");
    const part = await source.open(object, { from: 2, to: 4 }, signal());
    assert.equal(Buffer.from(await part.bytes()).toString(), "234");
    const rest = await source.open(object, { from: 7 }, signal());
    assert.equal(Buffer.from(await rest.bytes()).toString(), "789");
  });

  check("gives an empty object", async (t) => {
    const source = await open(t, { objects: new Map([["empty", bytes("")]]), pageSize: 4 });
    const body = await source.open(await find(source, "empty"), undefined, signal());
    assert.equal((await body.bytes()).byteLength, 0);
  });

  check("throws for a missing object, and for a directory in its place", async (t) => {
    const objects = new Map([["dir/a", bytes("a")]]);
    const source = await open(t, { objects, pageSize: 4, gone: "dir/gone" });
    const gone = { key: "dir/gone", size: 1, modified: 0 };
    await assert.rejects(source.open(gone, undefined, signal()), kind("missing"));
    assert.equal(await source.stat("dir/gone", signal()), undefined);
    assert.equal(await source.stat("dir", signal()), undefined);
  });

  check("lists and fetches objects of odd names", async (t) => {
    const objects = new Map(
      odd.flatMap((file) => [
        [file, bytes(file)],
        [`d ${file}/${file}`, bytes(`in ${file}`)],
      ]),
    );
    const source = await open(t, { objects, pageSize: 7 });
    const found = new Map<string, string>();
    for (const object of await everything(source)) {
      const body = await source.open(object, undefined, signal());
      found.set(object.key, Buffer.from(await body.bytes()).toString());
    }
    const expected = new Map([...objects].map(([key, content]) => [key, Buffer.from(content).toString()]));
    assert.deepEqual(found, expected);
  });

  check("rejects a body that ends early", async (t) => {
    const objects = new Map([["cut", bytes("x".repeat(1000))]]);
    const source = await open(t, { objects, pageSize: 4, truncated: new Set(["cut"]) });
    const object = { key: "cut", size: 1000, modified: 0 };
    await assert.rejects(
      async () => await (await source.open(object, undefined, signal())).bytes(),
      sourceError,
    );
    await assert.rejects(
      async () => await Array.fromAsync((await source.open(object, undefined, signal())).chunks()),
      sourceError,
    );
  });

  check("stops in mid-listing when aborted", async (t) => {
    const objects = new Map([["slow/a", bytes("a")]]);
    const source = await open(t, { objects, pageSize: 4, stalledListing: "slow" });
    const control = new AbortController();
    const listing = source.listPage("slow", undefined, control.signal);
    setTimeout(() => control.abort(), 20);
    await assert.rejects(listing, { name: "AbortError" });
    await assert.rejects(source.listPage("slow", undefined, control.signal), { name: "AbortError" });
  });

  check("stops in mid-body when aborted", async (t) => {
    const objects = new Map([["slow", bytes("x".repeat(1000))]]);
    const source = await open(t, { objects, pageSize: 4, stalled: new Set(["slow"]) });
    const control = new AbortController();
    const body = await source.open({ key: "slow", size: 1000, modified: 0 }, undefined, control.signal);
    const reading = body.bytes();
    control.abort();
    await assert.rejects(reading, { name: "AbortError" });
    await assert.rejects(source.stat("slow", control.signal), { name: "AbortError" });
  });
}

function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text));
}

function signal(): AbortSignal {
  return new AbortController().signal;
}

function sourceError(error: unknown): true {
  assert.ok(error instanceof SourceError, String(error));
  return true;
}

function kind(expected: SourceError["kind"]) {
  return (error: unknown) => sourceError(error) && error instanceof SourceError && error.kind === expected;
}

async function walk(source: Source, directory: string): Promise<Page[]> {
  const pages: Page[] = [];
  let next: string | undefined;
  do {
    const page = await source.listPage(directory, next, signal());
    pages.push(page);
    next = page.next;
  } while (next !== undefined);
  return pages;
}

async function find(source: Source, key: string): Promise<ObjectEntry> {
  const object = await source.stat(key, signal());
  assert.ok(object !== undefined, `${key} is not there`);
  assert.equal(object.key, key);
  return object;
}

/** Every object, as the listing tells them. */
async function everything(source: Source): Promise<ObjectEntry[]> {
  const found: ObjectEntry[] = [];
  const directories = [""];
  for (const directory of directories) {
    for (const page of await walk(source, directory)) {
      found.push(
        ...page.files.map(({ name, ...file }: FileEntry) => ({ ...file, key: join(directory, name) })),
      );
      directories.push(...page.directories.map((name) => join(directory, name)));
    }
  }
  return found;
}
