import { closeSync, futimesSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import type { ObjectSet } from "./trees/object-set.ts";
import { objectsOf } from "./trees/walk.ts";

/**
 * Writes every object of a set into a folder, with its date, so that another server can serve the
 * same bytes.
 */
export function writeTree(set: ObjectSet, folder: string): { files: number; bytes: number } {
  const made = new Set<string>();
  let files = 0;
  let bytes = 0;
  for (const { key, size, modified } of objectsOf(set)) {
    const object = set.object(key);
    if (!object) throw new Error(`listed, but not there: ${JSON.stringify(key)}`);
    if (key.split("/").some((part) => part === "" || part === "." || part === ".." || part.includes("\0"))) {
      throw new Error(`not to be written to a disk: ${JSON.stringify(key)}`);
    }
    const path = join(folder, key);
    const parent = dirname(path);
    if (!made.has(parent)) mkdirSync(parent, { recursive: true });
    made.add(parent);
    const file = openSync(path, "w");
    for (const chunk of object.body.chunks(0, size)) writeSync(file, chunk);
    futimesSync(file, modified, modified);
    closeSync(file);
    files++;
    bytes += size;
  }
  return { files, bytes };
}
