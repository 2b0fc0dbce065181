import { closeSync, lstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { type ObjectEntry, textOf } from "@brigade/core";
import { layoutOf } from "../identity/identity.ts";
import { listOwnFolder, openOwnFile } from "../own-files/files.ts";
import { parseLine } from "./read-manifest.ts";

/** Bytes before a place that are looked at: some 200 lines. */
const bytesBefore = 64 * 1024;
/** Segments whose ends are looked at besides, those written last first. */
const mostEnds = 4;

interface Segment {
  readonly path: string;
  readonly size: number;
}

/** Lines are looked at from here towards the segment's start. */
interface Place {
  readonly path: string;
  /** Bytes from the segment's start. */
  readonly end: number;
}

/**
 * Returns some objects of a source, the latest one first: one from each of `most` places that are
 * spread evenly over all of the manifest. What lies together has often changed together, or is
 * refused together. If places have none, there are more from the others, and from the ends of the
 * newest segments. Leaves out what lines that are looked at call lost.
 */
export function sampleOf(root: string, source: string, most: number): ObjectEntry[] {
  const segments = newestFirst(layoutOf(root).manifest);
  const ends = segments.slice(0, mostEnds).map(({ path, size }) => ({ path, end: size }));
  const passed = new Set<string>();
  let places = [...spread(segments, most), ...ends].map((place) => objectsBefore(place, source, passed));
  const sample: ObjectEntry[] = [];
  while (places.length > 0 && sample.length < most)
    places = places.filter((objects) => {
      if (sample.length >= most) return false;
      const { value } = objects.next();
      if (value !== undefined) sample.push(value);
      return value !== undefined;
    });
  return sample;
}

/** Returns this many places, the latest first. */
function spread(segments: readonly Segment[], count: number): Place[] {
  const total = segments.reduce((sum, { size }) => sum + size, 0);
  return Array.from({ length: count }, (_, n) => Math.floor((total * n) / count)).flatMap((fromTheEnd) => {
    let left = fromTheEnd;
    for (const { path, size } of segments) {
      if (left < size) return [{ path, end: size - left }];
      left -= size;
    }
    return [];
  });
}

/** Yields objects whose keys are not among `passed`, and adds those, and what is lost, to it. */
function* objectsBefore(
  place: Place,
  source: string,
  passed: Set<string>,
): Generator<ObjectEntry, undefined, undefined> {
  for (const text of linesBefore(place)) {
    const line = parseLine(text);
    if (typeof line === "string" || line.source !== source || passed.has(line.key)) continue;
    passed.add(line.key);
    if (!("lost" in line)) yield entryOf(line);
  }
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

function newestFirst(folder: string): Segment[] {
  return listOwnFolder(folder)
    .filter((name) => name.endsWith(".ndjson"))
    .map((name) => join(folder, name))
    .map((path) => ({ path, stats: lstatSync(path) }))
    .sort((one, other) => other.stats.mtimeMs - one.stats.mtimeMs)
    .map(({ path, stats }) => ({ path, size: stats.size }));
}

/** The last line first. It and the first one may be cut; then they are unreadable. */
function linesBefore({ path, end }: Place): string[] {
  const descriptor = openOwnFile(path);
  if (descriptor === undefined) return [];
  try {
    const bytes = Buffer.alloc(Math.min(end, bytesBefore));
    const read = readSync(descriptor, bytes, 0, bytes.length, end - bytes.length);
    return textOf(bytes.subarray(0, read)).split("\n").reverse();
  } finally {
    closeSync(descriptor);
  }
}
