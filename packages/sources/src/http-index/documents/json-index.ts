import { SourceError } from "@brigade/core";
import { z } from "zod";
import { JsonRows } from "../../pages/json-rows.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { WorkTime } from "../../pages/work-time.ts";
import type { Listed } from "../site/listed.ts";
import { Entries } from "./entries.ts";

const date = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "must be a date");
const seconds = (text: string) => Math.floor(Date.parse(text) / 1000);

/** nginx: `autoindex_format json`. */
const nginx = z
  .object({
    name: z.string(),
    type: z.enum(["file", "directory", "other"]),
    mtime: date,
    size: z.int().nonnegative().optional(),
  })
  .transform(
    ({ name, type, mtime, size }): Listed => ({
      name,
      isDirectory: type === "directory",
      size,
      modified: seconds(mtime),
    }),
  );

/**
 * Caddy: `file_server browse`, asked for JSON. Links are followed by the server, and described as
 * links.
 */
const caddy = z
  .object({
    name: z.string(),
    is_dir: z.boolean(),
    is_symlink: z.boolean().optional(),
    size: z.int().nonnegative(),
    mod_time: date,
  })
  .transform(
    ({ name, is_dir, is_symlink, size, mod_time }): Listed => ({
      // Caddy's directories end with a slash.
      name: is_dir ? name.replace(/\/$/, "") : name,
      isDirectory: is_dir,
      ...(is_symlink !== true && { size, modified: seconds(mod_time) }),
    }),
  );

const row = z.union([nginx, caddy]);

/**
 * Returns `undefined` if this is no index, for example a JSON file. Throws SourceError if it is
 * incomplete.
 */
export async function parseJsonIndex(
  pieces: AsyncIterable<string>,
  folder: StateFolder,
): Promise<Entries | undefined> {
  using unused = new DisposableStack();
  const entries = unused.use(new Entries(folder));
  const rows = new JsonRows();
  const work = new WorkTime();
  for await (const piece of pieces) {
    if (!work.spend(() => addRows(rows.push(piece), entries))) return undefined;
    // A member of an object, or a text, is no entry of a directory.
    if (!/^\s*(\[|n|$)/.test(rows.frame)) return undefined;
  }
  // Caddy 2.6 writes null for an empty directory.
  const frame = parsed(rows.frame);
  if (frame !== null && !Array.isArray(frame)) return undefined;
  unused.move();
  return entries;
}

/** Returns whether all of them are entries. */
function addRows(rows: readonly string[], entries: Entries): boolean {
  for (const text of rows) {
    const found = row.safeParse(parsed(text));
    if (!found.success) return false;
    entries.add(found.data);
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw cut(error);
  }
}

function cut(cause: unknown): SourceError {
  return new SourceError("bad-listing", "the index ends in the middle, or is no JSON", { cause });
}
