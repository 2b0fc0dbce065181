import { open, readFile, rename } from "node:fs/promises";
import { z } from "zod";
import { errorCode } from "../disk-errors.ts";

/** What tells one state of a remote file from another. `state`: in the words of the source of an object. */
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
  finished: z.array(z.tuple([z.number().int().min(0), z.number().int().min(0)])),
});
export type Control = z.infer<typeof controlSchema>;

/** Nothing when there is none. Throws what the disk says; `damaged` for one that is not as we write it. */
export async function readControl(path: string): Promise<Control | "damaged" | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  const parsed = controlSchema.safeParse(parseJson(text));
  if (!parsed.success) return "damaged";
  const { finished, length } = parsed.data;
  const isOrdered = finished.every(([from, to], at) => from < to && from > (finished[at - 1]?.[1] ?? -1));
  return isOrdered && (finished.at(-1)?.[1] ?? 0) <= length ? parsed.data : "damaged";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // As damaged as one with wrong fields.
    return undefined;
  }
}

/**
 * Replaces it: after a crash it is there as it was, or as it is now. That the renaming itself is not synced may bring
 * back an older one, which says less, and that is true too.
 */
export async function writeControl(path: string, control: Control): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o644);
  try {
    await file.writeFile(`${JSON.stringify(control)}\n`);
    await file.datasync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
