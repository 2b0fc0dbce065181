import { z } from "zod";
import type { Listed } from "./listed.ts";

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

/** Caddy: `file_server browse`, asked for JSON. Links are followed by the server, and described as links. */
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

const rows = z.array(z.union([nginx, caddy]));

/** Nothing where this is no index: a JSON file, say, in place of one. */
export function parseJsonIndex(text: string): Listed[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  // Caddy 2.6 writes null for an empty directory.
  if (value === null) return [];
  const parsed = rows.safeParse(value);
  return parsed.success ? parsed.data : undefined;
}
