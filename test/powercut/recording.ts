import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Bucket } from "../bucket/index.ts";
import { brigade, environmentFor, type Finished } from "../e2e/brigade.ts";
import { ownState } from "../programs.ts";
import { type Buckets, largeObject } from "./buckets.ts";
import { type LoggedDisk, positionOf } from "./logged-disk.ts";
import { type Note, noteSchema } from "./witness/note.ts";

export type Durability = "group" | "file" | "none";

/** One `brigade copy` to its end. */
export interface Phase {
  readonly bucket: "before" | "after";
  /** Length of the disk's log when the copy had ended and reported all as stored. */
  readonly ended: number;
  readonly notes: readonly Note[];
}

/**
 * Copies the bucket to the disk, queues and catalogue included, then the changes in it. The notes
 * have each report and its moment.
 */
export async function recordCopies(
  disk: LoggedDisk,
  buckets: Buckets,
  durability: Durability,
  scratch: string,
): Promise<readonly Phase[]> {
  const phases: Phase[] = [];
  for (const bucket of ["before", "after"] as const) {
    const notes = join(scratch, `notes-${bucket}.json`);
    const witness = new URL("witness/hooks.ts", import.meta.url).href;
    const { code, stderr } = await copy(disk.root, buckets[bucket], durability, {
      NODE_OPTIONS: `--import ${witness}`,
      POWERCUT_LOG: disk.log,
      POWERCUT_NOTES: notes,
    });
    const ended = positionOf(disk.log);
    if (code !== 0) throw new Error(`the copy to be cut off ended with ${code}: ${stderr}`);
    const told = z.array(noteSchema).parse(JSON.parse(readFileSync(notes, "utf8")));
    for (const kind of ["stored", "published"])
      if (!told.some((note) => note.kind === kind)) throw new Error(`nothing was noted as ${kind}`);
    phases.push({ bucket, ended, notes: told });
  }
  return phases;
}

/**
 * Groups are small, so that there are many moments for a cut. The machine's own record of volumes
 * is left out: it is written when the volume is safe, and the moment of the cut may be an earlier
 * one.
 */
export function copy(
  volume: string,
  bucket: Bucket,
  durability: Durability,
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  return brigade(["copy", "upyun://demo/", volume, "--durability", durability, "--json"], {
    ...environmentFor(bucket),
    XDG_STATE_HOME: join(ownState.XDG_STATE_HOME, crypto.randomUUID()),
    LARGE_OBJECT: String(largeObject),
    BATCH_FILES: "16",
    ...environment,
  });
}
