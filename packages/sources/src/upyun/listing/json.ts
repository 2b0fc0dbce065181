import type { FileEntry } from "@brigade/core";
import { z } from "zod";
import { JsonRows } from "../../pages/json-rows.ts";
import { overLimit } from "../../pages/limits.ts";
import { Spool } from "../../pages/spool.ts";
import type { StateFolder } from "../../pages/state-folder.ts";
import { WorkTime } from "../../pages/work-time.ts";
import { printable } from "../rest/error-reply.ts";
import type { ReadListing, Row } from "./rows.ts";
import { mostUnreadable, tooUnreadable } from "./text.ts";

const entrySchema = z.object({
  name: z.string(),
  /** `folder`, or the MIME type that the uploader gave: a file may have been given `folder`. */
  type: z.string(),
  /** The lister refuses sizes that are too large. */
  length: z.number().nonnegative(),
  last_modified: z.int(),
});
/** The document around the rows. */
const frameSchema = z.object({ files: z.array(z.unknown()), iter: z.string().optional() });

/** Reads a JSON page. Throws a plain Error with the fault; SourceError for a limit. */
export async function readJsonListing(
  pieces: AsyncIterable<string>,
  folder: StateFolder,
): Promise<ReadListing> {
  using unused = new DisposableStack();
  const rows = unused.use(new Spool<Row>(folder));
  const texts = new JsonRows("files");
  const work = new WorkTime();
  let unreadable = 0;
  const add = (text: string) => {
    const row = readEntry(JSON.parse(text), rows.length);
    if (typeof row === "object" && "problem" in row && ++unreadable > mostUnreadable)
      throw overLimit(tooUnreadable);
    rows.push(row);
  };
  for await (const piece of pieces) work.spend(() => texts.push(piece).forEach(add));
  const frame = frameSchema.safeParse(JSON.parse(texts.frame));
  if (!frame.success)
    throw new Error(`not a listing: ${z.prettifyError(frame.error)}`, { cause: frame.error });
  unused.move();
  return { rows, iter: frame.data.iter };
}

function readEntry(found: unknown, index: number): Row {
  const parsed = entrySchema.safeParse(found);
  if (!parsed.success) return unreadableEntry(found, index, parsed.error);
  const { name, type, length, last_modified: modified } = parsed.data;
  const entry = { name, size: length, modified };
  if (type !== "folder") return entry;
  // Maybe a file that was uploaded with the type `folder`.
  return length > 0 ? { fileOrDirectory: entry } : name;
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
