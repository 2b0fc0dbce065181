import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
// biome-ignore lint/correctness/noUnresolvedImports: Biome's list of Node's own modules lacks it
import { DatabaseSync } from "node:sqlite";
import { decodeMessage } from "@brigade/core";

/** The content of the queues and the catalogue on a disk. */
export interface State {
  /** MD5s of objects that the catalogue calls stored, by key. */
  readonly stored: ReadonlyMap<string, string>;
  /** Returns whether the catalogue has an outcome for an object, or the queues hold its result. */
  accounts(page: string, index: number): boolean;
}

/**
 * Reads copies: the originals stay as the power cut left them. `scratch`: an empty folder
 * elsewhere.
 */
export function readState(volume: string, scratch: string): State {
  const folder = join(volume, ".brigade", "state");
  for (const name of ["catalogue.sqlite", "queues.sqlite"])
    for (const part of ["", "-wal"])
      if (existsSync(join(folder, name + part)))
        copyFileSync(join(folder, name + part), join(scratch, name + part));
  const results = readResults(join(scratch, "queues.sqlite"));
  const { stored, outcomes } = readCatalogue(join(scratch, "catalogue.sqlite"));
  return {
    stored,
    accounts(page, index) {
      const known = outcomes.get(page);
      // A single byte is used if all objects of a page have the same outcome.
      const byte = known?.length === 1 ? known[0] : known?.[index];
      return (byte ?? 0) > 0 || results.has(`${page} ${index}`);
    },
  };
}

function readCatalogue(path: string) {
  const stored = new Map<string, string>();
  const outcomes = new Map<string, Uint8Array>();
  using db = openWhole(path, "pages");
  const objects =
    "select directories.path directory, name, md5 from objects join directories on directories.n = objects.directory";
  for (const { directory, name, md5 } of db?.prepare(objects).all() ?? []) {
    const key = directory === "" ? String(name) : `${directory}/${name}`;
    if (md5 instanceof Uint8Array) stored.set(key, Buffer.from(md5).toString("hex"));
  }
  for (const { id, outcomes: bytes } of db?.prepare("select id, outcomes from pages").all() ?? [])
    if (bytes instanceof Uint8Array) outcomes.set(String(id), bytes);
  return { stored, outcomes };
}

/** Results that wait for the ledger, as "page index". */
function readResults(path: string): Set<string> {
  const results = new Set<string>();
  using db = openWhole(path, "message");
  for (const { body } of db?.prepare("select body from message").all() ?? []) {
    const message = decodeMessage(String(body));
    if (message.type !== "result") continue;
    for (const { page, objects } of message.pages)
      for (const { index } of objects) results.add(`${page} ${index}`);
  }
  return results;
}

/** `undefined`: it was not made yet. Throws when it is damaged. */
function openWhole(path: string, table: string): DatabaseSync | undefined {
  if (!existsSync(path)) return undefined;
  const db = new DatabaseSync(path);
  const found = db.prepare("pragma integrity_check").get()?.integrity_check;
  if (found !== "ok") throw new Error(`${path} is damaged: ${found}`);
  const made = db.prepare("select 1 from sqlite_schema where name = ?").get(table);
  if (made !== undefined) return db;
  db.close();
  return undefined;
}
