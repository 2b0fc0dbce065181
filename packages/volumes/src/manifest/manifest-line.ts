import {
  type NewObject,
  pathInsideSchema,
  type StoredObject,
  sizeSchema,
  sourceNameSchema,
} from "@brigade/core";
import { z } from "zod";

/**
 * One object that was stored. A later line for the same source and key replaces an earlier one: by
 * `storedAt`, then by the order of lines.
 */
export const manifestLineSchema = z
  .object({
    source: sourceNameSchema,
    variant: z.string().optional(),
    key: z.string(),
    /** Below `<volume>/<source>/`, where it is not the key itself. */
    path: z.string().optional(),
    /** Bytes of the original, as listed. */
    listedSize: sizeSchema,
    /** Bytes on the disk. */
    size: sizeSchema,
    md5: z.string(),
    /** The source gave an MD5, and it was this one. */
    verified: z.boolean(),
    /** Unix seconds. */
    modified: z.int(),
    /**
     * The file's own modification time, Unix seconds, where the file system could not hold
     * `modified`.
     */
    fileModified: z.int().optional(),
    etag: z.string().optional(),
    /** Unix milliseconds. */
    storedAt: z.int(),
    job: z.string(),
  })
  .refine(({ path, key }) => pathInsideSchema.safeParse(path ?? key).success, {
    path: ["path"],
    error: "the path leaves the volume",
  });
export type ManifestLine = z.infer<typeof manifestLineSchema>;

/**
 * One object that was found to be no longer there, or not as it was stored: it is to be stored
 * anew.
 */
export const lostLineSchema = z.object({
  source: sourceNameSchema,
  key: z.string(),
  lost: z.enum(["missing", "size", "md5", "unreadable"]),
  /**
   * Unix milliseconds: what lines with `storedAt` up to this one said of the object is void. It is
   * the `storedAt` of the line that was found untrue, so that an object stored again meanwhile
   * stays.
   */
  at: z.int(),
});
export type LostLine = z.infer<typeof lostLineSchema>;

/** Returns the line, with its end. */
export function formatLostLine({ source, key, lost, at }: LostLine): string {
  return `${JSON.stringify({ source, key, lost, at } satisfies LostLine)}\n`;
}

/** What lies on the disk, with what only the manifest has of it. */
interface StoredFile extends StoredObject {
  readonly fileModified?: number;
}

/** As to be written: JSON has no member whose value is `undefined`. */
type WrittenLine = { readonly [Name in keyof ManifestLine]: ManifestLine[Name] | undefined };

/** Returns the line, with its end. */
export function formatManifestLine(object: NewObject, stored: StoredFile): string {
  const line: WrittenLine = {
    source: object.source,
    variant: object.variant,
    key: object.key,
    path: stored.path,
    listedSize: object.listedSize,
    size: stored.size,
    md5: stored.md5,
    verified: stored.verified,
    modified: object.modified,
    fileModified: stored.fileModified,
    etag: object.etag,
    storedAt: stored.storedAt,
    job: object.job,
  };
  return `${JSON.stringify(line)}\n`;
}
