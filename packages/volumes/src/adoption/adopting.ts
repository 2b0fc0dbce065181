import { closeSync, fstatSync } from "node:fs";
import type { NewObject, StoredObject } from "@brigade/core";
import type { Commit } from "../commit/commit.ts";
import type { LyingFile } from "../commit/entry.ts";
import { noteProgress } from "../disk/progress.ts";
import { hashBuffer, hashFile, openUnlinked } from "../md5/hash-file.ts";
import type { Placing } from "../names/placing.ts";
import { type FileTimes, secondsOf } from "../new-files/file-times.ts";

/** What adopting and taking need of an open volume. */
export interface AdoptionNeeds {
  readonly placing: Placing;
  readonly commit: Commit;
  readonly times: FileTimes;
}

/**
 * Finds objects that lie in their places whole, hashes them and enters them in the manifest.
 * Returns them in order; `undefined` for the others.
 */
export async function adopt(
  objects: readonly NewObject[],
  needs: AdoptionNeeds,
): Promise<(StoredObject | undefined)[]> {
  const buffer = hashBuffer();
  const commits: Promise<StoredObject | undefined>[] = [];
  for (const object of objects) {
    noteProgress();
    const found = await recognise(object, needs, buffer);
    if (found === undefined) {
      commits.push(Promise.resolve(undefined));
      continue;
    }
    const { promise, ...completion } = Promise.withResolvers<StoredObject>();
    // Promise.all below sees a failure, but maybe later than it happens.
    promise.catch(() => {});
    commits.push(promise);
    needs.commit.addLying(object, found.file, found.path, completion);
  }
  return Promise.all(commits);
}

/** An object's file in its place, open and hashed. */
interface Recognised {
  /** Below the source's folder. */
  readonly path: string;
  readonly file: LyingFile;
}

/**
 * Returns the object's file where its time, size and MD5 are as they should be, as far as they are
 * known.
 */
export async function recognise(
  object: NewObject,
  { placing, times }: Pick<AdoptionNeeds, "placing" | "times">,
  buffer: Buffer,
): Promise<Recognised | undefined> {
  const found = placing.findIfPossible(object.source, object.key);
  if (found === undefined) return undefined;
  const descriptor = openUnlinked(found.absolute);
  if (descriptor === undefined) return undefined;
  let isWhole = false;
  try {
    const stats = fstatSync(descriptor);
    const { size } = stats;
    const { modified, expectedSize, expectedMd5 } = object;
    if (size !== (expectedSize ?? size) || !times.isKeptAs(modified, secondsOf(stats))) return undefined;
    const md5 = await hashFile(descriptor, buffer);
    if (md5 !== (expectedMd5 ?? md5)) return undefined;
    isWhole = true;
    const file = { descriptor, size, md5, verified: expectedMd5 !== undefined };
    const fileModified = secondsOf(stats);
    return { path: found.path, file: fileModified === modified ? file : { ...file, fileModified } };
  } finally {
    if (!isWhole) closeSync(descriptor);
  }
}
