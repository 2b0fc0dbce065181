import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readManifest } from "@brigade/volumes";
import { filesBelow } from "../e2e/disk.ts";
import type { Buckets } from "./buckets.ts";
import type { Phase } from "./recording.ts";
import { readState } from "./state.ts";

/** A moment of a recording. */
export interface Moment {
  /** Bytes of the disk's log. */
  readonly position: number;
  /** The copy that ran then, and those before it. */
  readonly phases: readonly Phase[];
}

/**
 * Returns the faults of a disk after a power cut, in words: reports that do not hold, and wrong
 * bytes.
 */
export async function findWrong(
  root: string,
  { position, phases }: Moment,
  { digests }: Buckets,
  scratch: string,
): Promise<string[]> {
  const wrong: string[] = [];
  const states = phases.map(({ bucket }) => digests[bucket]);
  /**
   * Returns how new the bytes are: the place among the states that the bucket had so far, or -1.
   */
  const age = (key: string, md5: string | undefined) =>
    states.findLastIndex((state) => state.get(key) === md5);

  const visible = await digestFiles(join(root, "demo"));
  for (const [key, md5] of visible)
    if (age(key, md5) < 0) wrong.push(`${key} is visible with bytes that the bucket never had`);

  const demand = (key: string, md5: string, who: string) => {
    const found = visible.get(key);
    if (found === undefined) wrong.push(`${key} is missing: ${who}`);
    else if (age(key, found) < age(key, md5)) wrong.push(`${key} is an older one: ${who}`);
  };
  const notes = phases.flatMap((phase) => phase.notes).filter(({ at }) => at <= position);
  const lines = await manifestLines(root);
  for (const note of notes) {
    if (note.kind !== "stored") continue;
    demand(note.key, note.md5, "its volume reported it");
    if (!lines.has(`${note.key} ${note.md5}`)) wrong.push(`${note.key} has no line in the manifest`);
  }

  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch);
  const state = readState(root, scratch);
  for (const [key, md5] of state.stored) demand(key, md5, "the catalogue calls it stored");
  // Reports to an earlier copy may have been removed when that copy was complete.
  for (const note of phases.at(-1)?.notes ?? [])
    if (note.kind === "published" && note.at <= position && !state.accounts(note.page, note.index))
      wrong.push(`object ${note.index} of page ${note.page}: its result was safe, and is lost`);
  return wrong;
}

async function digestFiles(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const path of await filesBelow(folder))
    digests.set(
      path,
      createHash("md5")
        .update(readFileSync(join(folder, path)))
        .digest("hex"),
    );
  return digests;
}

/** "key md5" of all lines. The last line of a segment may be torn. */
async function manifestLines(root: string): Promise<Set<string>> {
  const lines = new Set<string>();
  try {
    for await (const line of readManifest(root, () => {}))
      if ("md5" in line) lines.add(`${line.key} ${line.md5}`);
  } catch (error) {
    // Cut off before the volume was made.
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
  return lines;
}
