import { stat } from "node:fs/promises";
import { join } from "node:path";
import { parseLine, readSegment, segmentsOf } from "../manifest/read-manifest.ts";

/** How much the times of a file system may lag behind the clock. Milliseconds. */
const clockSlack = 2000;

/**
 * Which of these objects the manifest knows newer lines of. `storedAt`: by `<source>/<key>`, what
 * is known already, Unix milliseconds. Only segments that were written to after `since` are read
 * (Unix milliseconds): on a disk that nobody writes to, none.
 */
export async function newerLines(
  manifest: string,
  storedAt: ReadonlyMap<string, number>,
  since: number,
): Promise<ReadonlySet<string>> {
  const newer = new Set<string>();
  for (const segment of await segmentsOf(manifest)) {
    const path = join(manifest, segment);
    if ((await stat(path)).mtimeMs < since - clockSlack) continue;
    for await (const { texts } of readSegment(path, 0)) {
      for (const text of texts) {
        const line = parseLine(text);
        if (typeof line === "string" || "lost" in line) continue;
        const name = `${line.source}/${line.key}`;
        if (line.storedAt > (storedAt.get(name) ?? Infinity)) newer.add(name);
      }
    }
  }
  return newer;
}
