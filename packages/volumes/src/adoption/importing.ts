import { closeSync, fstatSync, lstatSync, utimesSync } from "node:fs";
import { dirname } from "node:path";
import { NameError, refusal, type StoredObject } from "@brigade/core";
import type { Completion, Landed, LyingFile } from "../commit/entry.ts";
import { errorCode } from "../disk/disk-errors.ts";
import { noteProgress } from "../disk/progress.ts";
import type { Imported, TreeObject } from "../local-volume.ts";
import { hashBuffer, hashFile, openUnlinked } from "../md5/hash-file.ts";
import { NotImported, type Place } from "../names/placing.ts";
import { type AdoptionNeeds, recognise } from "./adopting.ts";
import { otherFileSystem, type Trees } from "./trees.ts";

export interface ImportNeeds extends AdoptionNeeds {
  readonly trees: Trees;
}

/**
 * Imports the files of another program's tree that are what the objects say; all others stay as
 * they are. Resolves in order.
 */
export async function importAll(objects: readonly TreeObject[], needs: ImportNeeds): Promise<Imported[]> {
  const buffer = hashBuffer();
  const answers: Promise<Imported>[] = [];
  for (const object of objects) {
    noteProgress();
    needs.trees.check(dirname(object.from), object.source);
    const answer = await importOne(object, needs, buffer);
    // Promise.all below sees a failure, but maybe later than it happens.
    answer.commit?.catch(() => {});
    answers.push(answer.commit ?? Promise.resolve(answer.at));
  }
  return Promise.all(answers);
}

/** What is known at once, or what the commit will say. */
interface Answer {
  readonly at?: "different";
  readonly commit?: Promise<Imported>;
}

async function importOne(object: TreeObject, needs: ImportNeeds, buffer: Buffer): Promise<Answer> {
  const { commit, trees } = needs;
  if (object.key.split("/").some((part) => refusal(part) !== undefined)) return {};
  if (lstatSync(object.from, { throwIfNoEntry: false })?.isFile() !== true || !trees.holds(object)) {
    const found = await recognise(object, needs, buffer);
    return found === undefined
      ? {}
      : { commit: committed((completion) => commit.addLying(object, found.file, found.path, completion)) };
  }
  const descriptor = openUnlinked(object.from);
  if (descriptor === undefined) return {};
  const file = await hashedAs(object, descriptor, buffer);
  if (file === undefined) return { at: "different" };
  return commitTree(object, file, needs);
}

/**
 * Returns the open file where it has the object's size and MD5; else it is closed, and `undefined`
 * returned.
 */
async function hashedAs(
  { expectedSize, expectedMd5 }: TreeObject,
  descriptor: number,
  buffer: Buffer,
): Promise<LyingFile | undefined> {
  let isKept = false;
  try {
    const { size } = fstatSync(descriptor);
    if (size !== (expectedSize ?? size)) return undefined;
    const md5 = await hashFile(descriptor, buffer);
    if (md5 !== (expectedMd5 ?? md5)) return undefined;
    isKept = true;
    return { descriptor, size, md5, verified: expectedMd5 !== undefined };
  } finally {
    if (!isKept) closeSync(descriptor);
  }
}

/** Hands a file that is the object's to the commit, unless another file lies in its place. */
function commitTree(object: TreeObject, file: LyingFile, { placing, commit, times }: ImportNeeds): Answer {
  const { descriptor } = file;
  let isKept = false;
  try {
    const there = placing.findIfPossible(object.source, object.key);
    if (there !== undefined && lstatSync(there.absolute).ino !== fstatSync(descriptor).ino)
      return { at: "different" };
    if (there !== undefined) {
      const fileModified = times.set(descriptor, object.modified);
      isKept = true;
      const dated = { ...file, ...(fileModified !== undefined && { fileModified }) };
      return { commit: committed((completion) => commit.addLying(object, dated, there.path, completion)) };
    }
    const place = placing.prepare(object.source, object.key);
    const name = () => landImported(object, file.size, place, { placing, times });
    isKept = true;
    return { commit: committed((completion) => commit.addLying(object, file, name, completion)) };
  } catch (error) {
    // What cannot lie here is not imported; storing it fails with the reason.
    if (error instanceof NameError) return {};
    throw error;
  } finally {
    if (!isKept) closeSync(descriptor);
  }
}

async function committed(add: (completion: Completion<StoredObject>) => void): Promise<Imported> {
  const { promise, ...completion } = Promise.withResolvers<StoredObject>();
  add(completion);
  try {
    return await promise;
  } catch (error) {
    if (error instanceof NotImported) return error.why;
    throw error;
  }
}

/**
 * Gives a file its modification time and its place. Throws NotImported if it has become another
 * file, or another file has its place.
 */
function landImported(
  { from, modified }: TreeObject,
  size: number,
  place: Place,
  { placing, times }: Pick<ImportNeeds, "placing" | "times">,
): Landed {
  const before = lstatSync(from, { throwIfNoEntry: false });
  if (before === undefined) throw new NotImported(undefined);
  if (!before.isFile() || before.size !== size) throw new NotImported("different");
  const fileModified = times.setAt(from, modified);
  try {
    return { ...placing.landImported(from, place), leftFolder: dirname(from), fileModified };
  } catch (error) {
    if (errorCode(error) === "EXDEV") throw otherFileSystem(dirname(from), place.folder);
    if (error instanceof NotImported) utimesSync(from, before.atimeMs / 1000, before.mtimeMs / 1000);
    throw error;
  }
}
