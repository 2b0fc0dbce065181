import { z } from "zod";
import { writeDurably } from "../own-files/durable-file.ts";
import { readOwnNote } from "../own-files/files.ts";
import type { Layout } from "./identity.ts";

/** `.brigade/host`: the machine that wrote here last, for people who find the disk. */
const hostNoteSchema = z.object({
  host: z.string().min(1),
  /** Unix milliseconds: since when. */
  at: z.int(),
});

/**
 * Notes the host, if another or none was noted. Under the volume's lock. `temporary`: a path at
 * which nothing lies.
 */
export function noteHost(layout: Layout, host: string, temporary: string): void {
  if (parseHostNote(readOwnNote(layout.host) ?? "") === host) return;
  const note: z.infer<typeof hostNoteSchema> = { host, at: Date.now() };
  writeDurably(layout.host, `${JSON.stringify(note)}\n`, temporary);
}

/**
 * Returns the host; `undefined` if the text is not as brigade writes it. No other data depends on
 * it.
 */
export function parseHostNote(text: string): string | undefined {
  try {
    return hostNoteSchema.parse(JSON.parse(text)).host;
  } catch {
    return undefined;
  }
}
