import { closeSync, fstatSync, lstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { type ObjectEntry, textOf } from "@brigade/core";
import { layoutOf } from "../identity/identity.ts";
import { listOwnFolder, openOwnFile } from "../own-files/files.ts";
import { parseLine } from "./read-manifest.ts";

/** Bytes of a segment's end that are looked at: some 200 lines. */
const tailBytes = 64 * 1024;
/** Segments that are looked at, those written last first. */
const mostSegments = 4;

/**
 * Returns the objects of a source that the manifest's newest segments name last, without those lost
 * since.
 */
export function latestObjects(root: string, source: string, most: number): ObjectEntry[] {
  const found = new Map<string, ObjectEntry>();
  const lost = new Set<string>();
  for (const segment of newestSegments(layoutOf(root).manifest)) {
    for (const text of linesFromTheEnd(segment)) {
      if (found.size >= most) return [...found.values()];
      const line = parseLine(text);
      if (typeof line === "string" || line.source !== source) continue;
      const { key } = line;
      if ("lost" in line) lost.add(key);
      else if (!lost.has(key) && !found.has(key)) found.set(key, entryOf(line));
    }
  }
  return [...found.values()];
}

function entryOf({
  key,
  variant,
  listedSize,
  size,
  modified,
  etag,
}: Exclude<Line, { lost: unknown }>): ObjectEntry {
  const original = variant === undefined ? size : listedSize || undefined;
  return { key, size: original, modified, etag };
}

type Line = Exclude<ReturnType<typeof parseLine>, string>;

function newestSegments(folder: string): string[] {
  return listOwnFolder(folder)
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => join(folder, name))
    .map((path) => ({ path, at: lstatSync(path).mtimeMs }))
    .sort((one, other) => other.at - one.at)
    .slice(0, mostSegments)
    .map(({ path }) => path);
}

/** The last line returned may be cut at its start; then it is unreadable. */
function linesFromTheEnd(path: string): string[] {
  const descriptor = openOwnFile(path);
  if (descriptor === undefined) return [];
  try {
    const { size } = fstatSync(descriptor);
    const bytes = Buffer.alloc(Math.min(size, tailBytes));
    const read = readSync(descriptor, bytes, 0, bytes.length, size - bytes.length);
    return textOf(bytes.subarray(0, read)).split("\n").reverse();
  } finally {
    closeSync(descriptor);
  }
}
