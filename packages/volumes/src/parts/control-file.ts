import { close, fdatasync, renameSync } from "node:fs";
import { promisify } from "node:util";
import { listOf, mostBodyBytes, parseBounded } from "@brigade/core";
import { z } from "zod";
import { writeAll } from "../own-files/durable-file.ts";
import { type EnteredFolder, withShownPath } from "../own-files/entered-folder.ts";
import { createFile, readIn } from "../own-files/files.ts";
import { removeFile } from "../own-files/removal.ts";

/**
 * What distinguishes the states of a remote file. `state`: in the words of the source of an object.
 */
const validatorSchema = z.object({
  kind: z.enum(["etag", "last-modified", "state"]),
  value: z.string().min(1),
});

/** `<name>.part.json`: what the file beside it is, and which of its bytes are there and synced. */
const controlSchema = z.object({
  version: z.literal(1),
  /** For people; without user, password and query. */
  url: z.string(),
  validator: validatorSchema,
  /** Bytes of the whole. */
  length: z.number().int().min(0),
  /** From, to before; in order, apart. */
  finished: listOf(z.tuple([z.number().int().min(0), z.number().int().min(0)])),
});
export type Control = z.infer<typeof controlSchema>;

/**
 * That are gone on with: what is missing between two costs a request, and files in more pieces come
 * from none of our transfers.
 */
const mostPieces = 1_000;

/**
 * Returns the notes; `undefined` if there are none, `damaged` if they are not as brigade writes
 * them. Throws the disk's error, or ConfigError.
 */
export function readControl(folder: EnteredFolder, name: string): Control | "damaged" | undefined {
  const text = readIn(folder, name, mostBodyBytes)?.toString();
  if (text === undefined) return undefined;
  const parsed = controlSchema.safeParse(parseJson(text));
  if (!parsed.success) return "damaged";
  const { finished, length } = parsed.data;
  const isOrdered = finished.every(([from, to], at) => from < to && from > (finished[at - 1]?.[1] ?? -1));
  if (!isOrdered || (finished.at(-1)?.[1] ?? 0) > length) return "damaged";
  return { ...parsed.data, finished: longest(finished) };
}

/** In order. What lay between the others comes again, with them. */
function longest(pieces: Control["finished"]): Control["finished"] {
  if (pieces.length <= mostPieces) return pieces;
  const byLength = pieces.toSorted((one, other) => other[1] - other[0] - (one[1] - one[0]));
  const kept = new Set(byLength.slice(0, mostPieces));
  return pieces.filter((piece) => kept.has(piece));
}

function parseJson(text: string): unknown {
  try {
    return parseBounded(text);
  } catch {
    // As damaged as one with wrong fields.
    return undefined;
  }
}

const datasync = promisify(fdatasync);
const closeFile = promisify(close);

/**
 * Replaces it: after a crash it is there as it was, or as it is now. That the renaming itself is
 * not synced may bring back an older one. It has fewer bytes as safe, which is true too.
 */
export async function writeControl(folder: EnteredFolder, name: string, control: Control): Promise<void> {
  const temporary = folder.at(`${name}.new`);
  removeFile(temporary);
  const descriptor = createFile(temporary);
  try {
    writeAll(descriptor, Buffer.from(`${JSON.stringify(control)}\n`));
    await datasync(descriptor);
  } finally {
    await closeFile(descriptor);
  }
  withShownPath(() => renameSync(temporary, folder.at(name)));
}
