import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { NameError, type NewObject, type StoredObject } from "@brigade/core";
import type { Commit } from "./commit.ts";
import { errorCode } from "./disk-errors.ts";
import type { Placing } from "./placing.ts";

const chunkBytes = 1024 * 1024;
/** After so many bytes other work of the thread gets its turn. */
const turnBytes = 8 * chunkBytes;

/** Finds objects that lie here whole, hashes them and enters them in the manifest; the others come back as nothing. */
export async function adopt(
  objects: readonly NewObject[],
  placing: Placing,
  commit: Commit,
): Promise<(StoredObject | undefined)[]> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  const commits: Promise<StoredObject | undefined>[] = [];
  for (const object of objects) {
    const found = await recognise(object, placing, buffer);
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

async function recognise(object: NewObject, placing: Placing, buffer: Buffer) {
  const found = findNamed(object, placing);
  if (found === undefined) return undefined;
  const descriptor = openUnlinked(found.absolute);
  if (descriptor === undefined) return undefined;
  let whole = false;
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const { modified, expectedSize, expectedMd5 } = object;
    if (Math.floor(mtimeMs / 1000) !== modified || size !== (expectedSize ?? size)) return undefined;
    const md5 = await hashFile(descriptor, buffer);
    if (md5 !== (expectedMd5 ?? md5)) return undefined;
    whole = true;
    return { path: found.path, file: { descriptor, size, md5, verified: expectedMd5 !== undefined } };
  } finally {
    if (!whole) closeSync(descriptor);
  }
}

function findNamed({ source, key }: NewObject, placing: Placing) {
  try {
    return placing.find(source, key);
  } catch (error) {
    // What cannot lie here does not lie here; storing it says why.
    if (error instanceof NameError) return undefined;
    throw error;
  }
}

/** Nothing when it vanished meanwhile, or is a link. */
function openUnlinked(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ELOOP") return undefined;
    throw error;
  }
}

async function hashFile(descriptor: number, buffer: Buffer): Promise<string> {
  const md5 = createHash("md5");
  let sinceTurn = 0;
  for (;;) {
    const count = readSync(descriptor, buffer, 0, buffer.length, null);
    if (count === 0) return md5.digest("hex");
    md5.update(buffer.subarray(0, count));
    sinceTurn += count;
    if (sinceTurn >= turnBytes) {
      sinceTurn = 0;
      await turn();
    }
  }
}
