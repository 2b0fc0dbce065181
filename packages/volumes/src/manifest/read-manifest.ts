import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { HostError, textOf } from "@brigade/core";
import { layoutOf } from "../identity/identity.ts";
import { openOwnFileLater } from "../own-files/later.ts";
import { type LostLine, lostLineSchema, type ManifestLine, manifestLineSchema } from "./manifest-line.ts";

/** A line that cannot be read: torn by a crash or a full disk, or damaged. */
export interface BadLine {
  readonly segment: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/**
 * Yields all lines of a volume's manifest; those of one instance in the order in which they were
 * written. Takes memory for few lines only. Unreadable lines go to `onBad`.
 */
export async function* readManifest(
  root: string,
  onBad: (bad: BadLine) => void,
): AsyncGenerator<ManifestLine | LostLine> {
  const { manifest } = layoutOf(root);
  for (const segment of await segmentsOf(manifest)) {
    let line = 0;
    for await (const { texts } of readSegment(join(manifest, segment), 0)) {
      for (const text of texts) {
        line += 1;
        const read = parseLine(text);
        if (typeof read === "string") onBad({ segment, line, reason: read });
        else yield read;
      }
    }
  }
}

/** A longer line is damaged, and is cut: a key has 4 KiB at most. Bytes. */
const longestLine = 1024 * 1024;

export interface SegmentChunk {
  readonly texts: readonly string[];
  /** Bytes from the segment's start to where the next line begins. */
  readonly end: number;
  /** The last text has no line's end: torn, or being written right now. */
  readonly torn: boolean;
}

/**
 * Yields a segment's lines from `start` on (bytes; a line's start), some at a time. Split at line
 * feeds only: a key may hold any other character that counts as a line's end elsewhere.
 */
export async function* readSegment(path: string, start: number): AsyncGenerator<SegmentChunk> {
  let begun: Buffer = Buffer.alloc(0);
  let end = start;
  const file = await openOwnFileLater(path);
  if (file === undefined) throw new HostError("io", `${path} was there, and is gone`);
  for await (const chunk of file.createReadStream({ start, highWaterMark: 256 * 1024 })) {
    const bytes: Buffer = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    const texts: string[] = [];
    let from = 0;
    for (let to = bytes.indexOf(lineFeed); to >= 0; to = bytes.indexOf(lineFeed, from)) {
      texts.push(textOf(bytes.subarray(from, to)));
      from = to + 1;
    }
    begun = bytes.subarray(from);
    if (begun.length > longestLine) {
      texts.push(begun.toString("latin1", 0, 100));
      from = bytes.length;
      begun = Buffer.alloc(0);
    }
    end += from;
    if (texts.length > 0) yield { texts, end, torn: false };
  }
  if (begun.length > 0) yield { texts: [textOf(begun)], end: end + begun.length, torn: true };
}

const lineFeed = 0x0a;

/** Resolves with the names, in the order in which each instance wrote them. */
export async function segmentsOf(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /-\d+\.ndjson$/.test(name));
  return names.sort(orderOfSegments);
}

/** `a-2` before `a-10`. */
export const orderOfSegments = new Intl.Collator("en", { numeric: true }).compare;

/** Returns the line, or why it cannot be read. */
export function parseLine(text: string): ManifestLine | LostLine | string {
  if (!text.isWellFormed()) return "it is not UTF-8";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const isLost = typeof value === "object" && value !== null && "lost" in value;
  const parsed = (isLost ? lostLineSchema : manifestLineSchema).safeParse(value);
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
}
