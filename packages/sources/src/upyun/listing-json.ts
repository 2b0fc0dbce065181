import type { FileEntry } from "@brigade/core";
import { z } from "zod";
import { printable } from "./error-reply.ts";
import type { Rows } from "./listing-text.ts";

const entrySchema = z.object({
  name: z.string(),
  /** `folder`, or the MIME type that the uploader gave: a file may have been given `folder`. */
  type: z.string(),
  length: z.int().nonnegative(),
  last_modified: z.int(),
});
const listingSchema = z.object({ files: z.array(z.unknown()), iter: z.string().optional() });

export interface JsonRows extends Rows {
  readonly iter: string | undefined;
  /** Directories with a length: maybe files that were uploaded with the type `folder`. */
  readonly doubtful: readonly FileEntry[];
}

/** A JSON page. Entries that cannot be read are files with a problem. Throws a plain Error that says what is wrong. */
export function parseJsonListing(body: Uint8Array): JsonRows {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("utf8");
  const parsed = listingSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new Error(`not a listing: ${z.prettifyError(parsed.error)}`, { cause: parsed.error });
  const files: FileEntry[] = [];
  const directories: string[] = [];
  const doubtful: FileEntry[] = [];
  for (const [index, found] of parsed.data.files.entries()) {
    const entry = entrySchema.safeParse(found);
    if (!entry.success) {
      files.push(unreadableEntry(found, index, entry.error));
      continue;
    }
    const { name: raw, type, length, last_modified: modified } = entry.data;
    // A lone surrogate (escaped in JSON) is no more UTF-8 than a broken byte.
    const name = raw.toWellFormed();
    if (type !== "folder") files.push({ name, size: length, modified });
    else if (length > 0) doubtful.push({ name, size: length, modified });
    else directories.push(name);
  }
  return { files, directories, doubtful, iter: parsed.data.iter };
}

function unreadableEntry(found: unknown, index: number, error: z.ZodError): FileEntry {
  const named = z.object({ name: z.string().min(1) }).safeParse(found);
  const name = printable(named.success ? named.data.name : JSON.stringify(found));
  return {
    name,
    problem: `entry ${index + 1} of the listing is not readable: ${printable(z.prettifyError(error))}`,
  };
}
