import assert from "node:assert/strict";
import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bucket } from "../bucket/index.ts";
import { filesBelow } from "../e2e/disk.ts";
import type { Fleet } from "./fleet.ts";

/** The documents of a command's NDJSON. */
export function parsedLines<T>(text: string): T[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

/** Runs a command that must end with this code; returns its standard output. */
export async function run(fleet: Fleet, code: number, ...args: string[]): Promise<string> {
  const finished = await fleet.run(...args);
  assert.equal(finished.code, code, `brigade ${args.join(" ")}: ${finished.stderr}${finished.stdout}`);
  return finished.stdout;
}

interface Directory {
  readonly directory: string;
  readonly state: string;
  readonly listed: { readonly objects: number };
  readonly stored: { readonly objects: number };
  readonly unchanged: { readonly objects: number };
  readonly vanished: { readonly objects: number };
  readonly failed: { readonly objects: number };
}

/** `status` calls the last job complete, and the sums of every directory agree. */
export async function assertSumsClose(fleet: Fleet, objects: number): Promise<void> {
  assert.match(await run(fleet, 0, "status"), /complete/);
  const directories = parsedLines<Directory>(
    await run(fleet, 0, "status", "demo", "--directories", "--json"),
  );
  let listed = 0;
  for (const one of directories) {
    assert.equal(one.state, "done", one.directory);
    const sum = one.stored.objects + one.unchanged.objects + one.vanished.objects + one.failed.objects;
    assert.equal(sum, one.listed.objects, one.directory);
    listed += one.listed.objects;
  }
  assert.equal(listed, objects);
}

/** Keys that lie on exactly one of the volumes, with that volume, in order of key. */
async function heldOnce(
  bucket: Bucket,
  volumes: readonly string[],
): Promise<{ readonly key: string; readonly file: string }[]> {
  const found = new Map<string, string[]>();
  for (const volume of volumes) {
    const root = join(volume, bucket.name);
    for (const key of await filesBelow(root)) found.set(key, [...(found.get(key) ?? []), join(root, key)]);
  }
  return [...found]
    .flatMap(([key, files]) => (files.length === 1 && files[0] ? [{ key, file: files[0] }] : []))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Changes one byte; size and times stay. */
async function damage(file: string): Promise<void> {
  const bytes = await readFile(file);
  const { atime, mtime } = await stat(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  await writeFile(file, bytes);
  await utimes(file, atime, mtime);
}

/**
 * Changes to the bucket and the disks after a finished run are named exactly, and fetched again
 * without touching anything else. The downloaders of the volumes must be at work.
 */
export async function assertDriftIsNamedAndMended(
  fleet: Fleet,
  bucket: Bucket,
  volumes: readonly string[],
): Promise<void> {
  assert.deepEqual(parsedLines(await run(fleet, 0, "audit", "demo", "--json")), []);
  assert.deepEqual(parsedLines(await run(fleet, 0, "verify", ...volumes, "--json")), []);

  const held = await heldOnce(bucket, volumes);
  const deleted = held.slice(3, 8);
  const damaged = held.slice(100, 105);
  const changed = held.slice(200, 205).map(({ key }) => key);
  const added = [1, 2, 3, 4, 5].map((n) => `added/new-${n}.bin`);
  for (const { file } of deleted) await rm(file);
  for (const { file } of damaged) await damage(file);
  const modified = Math.floor(Date.now() / 1000);
  for (const key of changed) bucket.put(key, { bytes: Buffer.from(`changed ${key}`), modified });
  for (const key of added) bucket.put(key, { bytes: Buffer.from(`added ${key}`), modified });

  type Difference = { readonly kind?: string; readonly problem?: string; readonly key: string };
  const differences = parsedLines<Difference>(await run(fleet, 3, "verify", ...volumes, "--json"));
  const byKey = (a: readonly unknown[], b: readonly unknown[]) => (String(a[1]) < String(b[1]) ? -1 : 1);
  assert.deepEqual(
    differences.map(({ problem, key }) => [problem, key]).sort(byKey),
    [
      ...deleted.map(({ key }) => ["missing", key] as const),
      ...damaged.map(({ key }) => ["md5", key] as const),
    ].sort(byKey),
  );
  const audited = parsedLines<Difference>(await run(fleet, 3, "audit", "demo", "--json"));
  assert.deepEqual(
    audited.map(({ kind, key }) => [kind, key]).sort(byKey),
    [...changed.map((key) => ["changed", key]), ...added.map((key) => ["new", key])].sort(byKey),
  );

  await run(fleet, 3, "verify", ...volumes, "--repair");
  const before = bucket.counters.get;
  const twenty = [...deleted, ...damaged].map(({ key }) => key).concat(changed, added);
  const fetched = new Map(twenty.map((key) => [key, bucket.fetches(key)]));
  assert.equal((await fleet.closed(await fleet.start())).state, "complete");
  assert.equal(bucket.counters.get - before, twenty.length, "only these are fetched");
  for (const key of twenty) assert.equal(bucket.fetches(key), (fetched.get(key) ?? 0) + 1, key);
  assert.deepEqual(parsedLines(await run(fleet, 0, "verify", ...volumes, "--json")), []);
  assert.deepEqual(parsedLines(await run(fleet, 0, "audit", "demo", "--json")), []);
  for (const key of twenty) {
    const [current] = parsedLines<{ host: string; path: string; volume: string; standing: string }>(
      await run(fleet, 0, "where", key, "--json"),
    );
    assert.equal(current?.standing, "current", key);
  }
}
