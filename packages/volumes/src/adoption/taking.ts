import { closeSync, fstatSync, lstatSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { NameError, type NewObject, refusal, type StoredObject } from "@brigade/core";
import type { Commit } from "../commit/commit.ts";
import { errorCode } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";
import type { Taken, TreeObject } from "../local-volume.ts";
import { hashBuffer, hashFile, openUnlinked } from "../md5/hash-file.ts";
import { NotTaken, type Place, type Placing } from "../names/placing.ts";
import type { FileTimes } from "../new-files/file-times.ts";
import { findNamed, recognise } from "./adopting.ts";
import { otherFileSystem, type Trees } from "./trees.ts";

/** Takes files of somebody else's tree that are what the objects say; all others stay as they are. */
export async function take(
  objects: readonly TreeObject[],
  trees: Trees,
  placing: Placing,
  commit: Commit,
  times: FileTimes,
): Promise<Taken[]> {
  const buffer = hashBuffer();
  const answers: Promise<Taken>[] = [];
  for (const object of objects) {
    noteProgress();
    trees.check(dirname(object.from), object.source);
    const answer = await takeOne(object, trees, placing, commit, times, buffer);
    // Seen by Promise.all below, maybe later than it fails.
    answer.commit?.catch(() => {});
    answers.push(answer.commit ?? Promise.resolve(answer.at));
  }
  return Promise.all(answers);
}

/** What is known at once, or what the commit will say. */
interface Answer {
  readonly at?: "different";
  readonly commit?: Promise<Taken>;
}

async function takeOne(
  object: TreeObject,
  trees: Trees,
  placing: Placing,
  commit: Commit,
  times: FileTimes,
  buffer: Buffer,
): Promise<Answer> {
  if (object.key.split("/").some((part) => refusal(part) !== undefined)) return {};
  if (lstatSync(object.from, { throwIfNoEntry: false })?.isFile() !== true || !trees.holds(object)) {
    const found = await recognise(object, placing, times, buffer);
    return found === undefined
      ? {}
      : { commit: committed((settle) => commit.addFound(object, found.path, found.file, settle)) };
  }
  const descriptor = openUnlinked(object.from);
  if (descriptor === undefined) return {};
  let isKept = false;
  try {
    const { size, ino } = fstatSync(descriptor);
    if (size !== (object.expectedSize ?? size)) return { at: "different" };
    const md5 = await hashFile(descriptor, buffer);
    if (md5 !== (object.expectedMd5 ?? md5)) return { at: "different" };
    const file = { descriptor, size, md5, verified: object.expectedMd5 !== undefined };
    const there = findNamed(object, placing);
    if (there !== undefined && lstatSync(there.absolute).ino !== ino) return { at: "different" };
    if (there !== undefined) {
      const fileModified = times.set(descriptor, object.modified);
      isKept = true;
      const dated = { ...file, ...(fileModified !== undefined && { fileModified }) };
      return { commit: committed((settle) => commit.addFound(object, there.path, dated, settle)) };
    }
    const place = placing.prepare(object.source, object.key);
    isKept = true;
    return {
      commit: committed((settle) => commit.addTaken(object, { from: object.from, place }, file, settle)),
    };
  } catch (error) {
    // What cannot lie here is not taken; storing it says why.
    if (error instanceof NameError) return {};
    throw error;
  } finally {
    if (!isKept) closeSync(descriptor);
  }
}

async function committed(
  add: (settle: { resolve(stored: StoredObject): void; reject(error: unknown): void }) => void,
): Promise<Taken> {
  const { promise, ...settle } = Promise.withResolvers<StoredObject>();
  add(settle);
  try {
    return await promise;
  } catch (error) {
    if (error instanceof NotTaken) return error.why;
    throw error;
  }
}

/** Gives a file its modification time and its place. Throws NotTaken when it has become another, or its place is taken. */
export function landTaken(
  { modified }: NewObject,
  size: number,
  { from, place }: { readonly from: string; readonly place: Place },
  placing: Placing,
  times: FileTimes,
): { path: string; folder: string; fileModified: number | undefined } {
  const before = lstatSync(from, { throwIfNoEntry: false });
  if (before === undefined) throw new NotTaken(undefined);
  if (!before.isFile() || before.size !== size) throw new NotTaken("different");
  const fileModified = times.setAt(from, modified);
  try {
    return { ...placing.landTaken(from, place), fileModified };
  } catch (error) {
    if (errorCode(error) === "EXDEV") throw otherFileSystem(dirname(from), place.folder);
    if (error instanceof NotTaken) utimesSync(from, before.atimeMs / 1000, before.mtimeMs / 1000);
    throw error;
  }
}
