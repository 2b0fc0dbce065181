import { join } from "node:path";
import { replaceOwnFile } from "../own-files/durable-file.ts";
import { listOwnFolder, readOwnBytes } from "../own-files/files.ts";
import { orderOfSegments } from "./read-manifest.ts";

const lineFeed = 0x0a;
/** Bytes; a segment ends at half of this, or after the group of lines that passes it. */
const mostBytes = 128 * 1024 * 1024;

/**
 * Takes the lines that a power cut tore out of what a dead instance wrote last. What lacks its end
 * was not written; where a file became longer before its bytes were on the disk, there are NULs,
 * which no line has. Their objects were never reported: a report comes after the sync. Only the
 * last two segments can hold such lines: the sync after a new segment covers both. Under the
 * volume's lock.
 */
export function dropTornLines(folder: string, instance: string): void {
  const segments = listOwnFolder(folder).filter((name) => isSegmentOf(name, instance));
  for (const name of segments.sort(orderOfSegments).slice(-2)) {
    const path = join(folder, name);
    const bytes = readOwnBytes(path, mostBytes);
    if (bytes === undefined || bytes.length === 0 || (bytes.at(-1) === lineFeed && !bytes.includes(0)))
      continue;
    replaceOwnFile(path, wholeLines(bytes));
  }
}

function isSegmentOf(name: string, instance: string): boolean {
  return name.startsWith(`${instance}-`) && /^\d+\.ndjson$/.test(name.slice(instance.length + 1));
}

function wholeLines(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  let from = 0;
  for (let to = bytes.indexOf(lineFeed); to >= 0; to = bytes.indexOf(lineFeed, from)) {
    const line = bytes.subarray(from, to + 1);
    if (!line.includes(0)) lines.push(line);
    from = to + 1;
  }
  return lines;
}
