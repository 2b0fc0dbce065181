import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { layoutOf } from "./identity.ts";
import { type ManifestLine, manifestLineSchema } from "./manifest-line.ts";

/** A line that cannot be read: torn by a crash or a full disk, or damaged. */
export interface BadLine {
  readonly segment: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/**
 * All lines of a volume's manifest, one instance's in the order they were written. Takes memory for one line only.
 * What is unreadable goes to `onBad`.
 */
export async function* readManifest(
  root: string,
  onBad: (bad: BadLine) => void,
): AsyncGenerator<ManifestLine> {
  const { manifest } = layoutOf(root);
  for (const segment of await segmentsOf(manifest)) {
    let line = 0;
    for await (const text of linesOf(join(manifest, segment))) {
      line += 1;
      const read = parseLine(text);
      if (typeof read === "string") onBad({ segment, line, reason: read });
      else yield read;
    }
  }
}

/** No line of ours is so long (a key has 4 KiB at most): it is damaged, and cut. Bytes. */
const longestLine = 1024 * 1024;

/** Split at line feeds only: a key may hold any other character that counts as a line's end elsewhere. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let begun: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(lineFeed); end >= 0; end = bytes.indexOf(lineFeed, start)) {
      yield bytes.toString("utf8", start, end);
      start = end + 1;
    }
    begun = bytes.subarray(start);
    if (begun.length > longestLine) {
      yield begun.toString("latin1", 0, 100);
      begun = Buffer.alloc(0);
    }
  }
  if (begun.length > 0) yield begun.toString();
}

const lineFeed = 0x0a;

async function segmentsOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /-\d+\.ndjson$/.test(name));
  // `a-2` before `a-10`
  return names.sort(new Intl.Collator("en", { numeric: true }).compare);
}

function parseLine(text: string): ManifestLine | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const parsed = manifestLineSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
}
