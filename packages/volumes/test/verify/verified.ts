import { appendFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { NewObject } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import {
  type BadLine,
  type Difference,
  openVolume,
  type VerifyOptions,
  verifyVolume,
} from "../../src/index.ts";
import { bytesOf, modified, newObject, scratchFolder } from "../scratch.ts";

/** What lies under a key is known from the key. */
export function contentOf(key: string): Uint8Array<ArrayBuffer> {
  return bytesOf(`${key}: ${"some bytes ".repeat(1 + (key.length % 5))}`);
}

/** Stores objects as another process might: opens the volume, and closes it again. */
export async function storeOn(root: string, keys: readonly string[], more: Partial<NewObject> = {}) {
  const volume = await openVolume(root, { init: true, instance: "here", durability: "none", log: silentLog });
  const stored = await Promise.all(
    keys.map((key) =>
      volume.put(newObject(key, { expectedSize: contentOf(key).length, ...more }), contentOf(key)),
    ),
  );
  await volume[Symbol.asyncDispose]();
  return stored;
}

/** A closed volume with these objects. */
export async function volumeOf(test: TestContext, keys: readonly string[]): Promise<string> {
  const root = scratchFolder(test);
  await storeOn(root, keys);
  return root;
}

/** `a/0.jpg` and so on, in a few folders. */
export function manyKeys(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index % 7}/${index}.jpg`);
}

/** Verifies without waiting for files to settle, and gathers what it is told. */
export async function verified(root: string, options: VerifyOptions = {}) {
  const differences: Difference[] = [];
  const bad: BadLine[] = [];
  const summary = await verifyVolume(root, {
    threads: 2,
    quietMs: 0,
    onDifference: (difference) => void differences.push(difference),
    onBadLine: (line) => void bad.push(line),
    ...options,
  });
  const told = differences.map(({ problem, source, path }) => `${problem} ${source}/${path}`).sort();
  return { summary, differences, told, bad };
}

/** Other bytes in a file, which size and modification time do not show. */
export function damage(root: string, key: string): void {
  const bytes = contentOf(key);
  bytes[3] = (bytes[3] ?? 0) ^ 1;
  writeFileSync(join(root, "photos", key), bytes);
  utimesSync(join(root, "photos", key), modified, modified);
}

/** Appends to the manifest's first segment. */
export function appendToManifest(root: string, text: string | Uint8Array): void {
  appendFileSync(firstSegment(root), text);
}

/** The path of the manifest's first segment. */
export function firstSegment(root: string): string {
  const folder = join(root, ".brigade/manifest");
  return join(folder, readdirSync(folder).sort()[0] ?? "here-1.ndjson");
}
