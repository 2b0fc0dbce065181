import type { FileEntry } from "@brigade/core";
import { z } from "zod";
import { JsonRows as Rows } from "../pages/json-rows.ts";
import { overLimit } from "../pages/limits.ts";
import { printable } from "./error-reply.ts";
import { mostRows, mostUnreadable, type Rows as TextRows, tooUnreadable } from "./listing-text.ts";

const entrySchema = z.object({
  name: z.string(),
  /** `folder`, or the MIME type that the uploader gave: a file may have been given `folder`. */
  type: z.string(),
  /** Whoever walks the directory refuses what is too large. */
  length: z.number().nonnegative(),
  last_modified: z.int(),
});
/** What is around them. */
const frameSchema = z.object({ files: z.array(z.unknown()), iter: z.string().optional() });

export interface JsonRows extends TextRows {
  readonly iter: string | undefined;
  /** Directories with a length: maybe files that were uploaded with the type `folder`. */
  readonly doubtful: readonly FileEntry[];
}

/** A JSON page. Entries that cannot be read are files with a problem. Throws a plain Error that says what is wrong; SourceError for a limit. */
export async function readJsonListing(pieces: AsyncIterable<string>): Promise<JsonRows> {
  const rows = new Rows("files");
  const page = { files: [] as FileEntry[], directories: [] as string[], doubtful: [] as FileEntry[] };
  let count = 0;
  let unreadable = 0;
  for await (const piece of pieces)
    for (const text of rows.push(piece)) {
      if (count >= mostRows) throw overLimit(`more than ${mostRows.toLocaleString("en")} entries`);
      const [kind, entry] = readEntry(JSON.parse(text), count++);
      if (entry.problem !== undefined && ++unreadable > mostUnreadable) throw overLimit(tooUnreadable);
      if (kind === "directories") page.directories.push(entry.name);
      else page[kind].push(entry);
    }
  const frame = frameSchema.safeParse(JSON.parse(rows.frame));
  if (!frame.success)
    throw new Error(`not a listing: ${z.prettifyError(frame.error)}`, { cause: frame.error });
  return { ...page, iter: frame.data.iter };
}

function readEntry(found: unknown, index: number): ["files" | "directories" | "doubtful", FileEntry] {
  const parsed = entrySchema.safeParse(found);
  if (!parsed.success) return ["files", unreadableEntry(found, index, parsed.error)];
  const { name, type, length, last_modified: modified } = parsed.data;
  const entry = { name, size: length, modified };
  if (type !== "folder") return ["files", entry];
  return [length > 0 ? "doubtful" : "directories", entry];
}

function unreadableEntry(found: unknown, index: number, error: z.ZodError): FileEntry {
  const named = z.object({ name: z.string().min(1) }).safeParse(found);
  const typed = z.object({ type: z.string() }).safeParse(found);
  const name = printable(named.success ? named.data.name : JSON.stringify(found));
  return {
    name,
    problem: `entry ${index + 1} of the listing is not readable: ${printable(z.prettifyError(error))}`,
    ...((typed.data?.type ?? "folder") === "folder" && { mayBeDirectory: true as const }),
  };
}
