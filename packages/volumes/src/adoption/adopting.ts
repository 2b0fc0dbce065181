import { closeSync, fstatSync } from "node:fs";
import { NameError, type NewObject, type StoredObject } from "@brigade/core";
import type { Commit } from "../commit/commit.ts";
import { noteProgress } from "../disk/progress.ts";
import { hashBuffer, hashFile, openUnlinked } from "../md5/hash-file.ts";
import type { Placing } from "../names/placing.ts";
import { type FileTimes, secondsOf } from "../new-files/file-times.ts";

/** Finds objects that lie here whole, hashes them and enters them in the manifest; the others come back as nothing. */
export async function adopt(
  objects: readonly NewObject[],
  placing: Placing,
  commit: Commit,
  times: FileTimes,
): Promise<(StoredObject | undefined)[]> {
  const buffer = hashBuffer();
  const commits: Promise<StoredObject | undefined>[] = [];
  for (const object of objects) {
    noteProgress();
    const found = await recognise(object, placing, times, buffer);
    if (found === undefined) {
      commits.push(Promise.resolve(undefined));
      continue;
    }
    const { promise, ...settle } = Promise.withResolvers<StoredObject>();
    // Seen by Promise.all below, maybe later than it fails.
    promise.catch(() => {});
    commits.push(promise);
    commit.addFound(object, found.path, found.file, settle);
  }
  return Promise.all(commits);
}

/** The object's file in its place, open, where it seems to be the object; hashed. */
export async function recognise(object: NewObject, placing: Placing, times: FileTimes, buffer: Buffer) {
  const found = findNamed(object, placing);
  if (found === undefined) return undefined;
  const descriptor = openUnlinked(found.absolute);
  if (descriptor === undefined) return undefined;
  let whole = false;
  try {
    const stats = fstatSync(descriptor);
    const { size } = stats;
    const { modified, expectedSize, expectedMd5 } = object;
    if (size !== (expectedSize ?? size) || !times.isKeptAs(modified, secondsOf(stats))) return undefined;
    const md5 = await hashFile(descriptor, buffer);
    if (md5 !== (expectedMd5 ?? md5)) return undefined;
    whole = true;
    const file = { descriptor, size, md5, verified: expectedMd5 !== undefined };
    const fileModified = secondsOf(stats);
    return { path: found.path, file: fileModified === modified ? file : { ...file, fileModified } };
  } finally {
    if (!whole) closeSync(descriptor);
  }
}

export function findNamed({ source, key }: Pick<NewObject, "source" | "key">, placing: Placing) {
  try {
    return placing.find(source, key);
  } catch (error) {
    // What cannot lie here does not lie here; storing it says why.
    if (error instanceof NameError) return undefined;
    throw error;
  }
}
