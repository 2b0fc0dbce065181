import { isMd5, listOf, pathInsideSchema, sizeSchema, sourceNameSchema } from "@brigade/core";
import { z } from "zod";
import { count, time } from "./amounts.ts";
import { originSchema } from "./history.ts";
import { volumeDescriptionSchema } from "./volumes.ts";

/**
 * One object by its key, or all whose keys begin with `prefix` (`""`: all). Of one source, or of
 * all.
 */
export const whereQuerySchema = z
  .strictObject({
    key: z.string().min(1).exactOptional(),
    prefix: z.string().exactOptional(),
    source: sourceNameSchema.exactOptional(),
    /** Only objects that lie nowhere any more, where they lay last. */
    lost: z.stringbool().exactOptional(),
  })
  .refine(
    ({ key, prefix }) => (key === undefined) !== (prefix === undefined),
    "either key or prefix is needed",
  );
export type LocationQuery = z.infer<typeof whereQuerySchema>;

/** A state of an object that lies on a volume. */
export const locationSchema = z.object({
  source: z.string(),
  fingerprint: z.string(),
  key: z.string(),
  /**
   * `current`: the last stored state. `duplicate`: the same once more. `superseded`: an older state
   * on another volume. `lost`: it lay there last, and is damaged or gone.
   */
  standing: z.enum(["current", "duplicate", "superseded", "lost"]),
  /** The volume's id. */
  volume: z.string(),
  label: z.string().exactOptional(),
  /** Where the volume was seen last. */
  host: z.string(),
  /** Below `<volume>/<source>/`. */
  path: z.string(),
  /** Bytes on disk. */
  size: count,
  /** Bytes of the original, as listed. */
  listedSize: count,
  /** Unix seconds. */
  modified: z.int(),
  /** Unix seconds. */
  storedAt: z.int(),
  /** 32 lower-case hex digits, if it was reported. */
  md5: z.string().exactOptional(),
  verified: z.boolean().exactOptional(),
  etag: z.string().exactOptional(),
  /** When a lost one was found to be so. */
  lostAt: time.exactOptional(),
});
export type Location = z.infer<typeof locationSchema>;

export const namesQuerySchema = z.strictObject({ ...originSchema.shape, directory: z.string() });
/** The last stored state of an object, as it is given for a whole directory. */
export const storedNameSchema = z.object({
  name: z.string(),
  /** The volume's id. */
  volume: z.string(),
  /** Bytes on disk. */
  size: count,
});
export type StoredName = z.infer<typeof storedNameSchema>;

export const directoriesQuerySchema = z.strictObject({ ...originSchema.shape, prefix: z.string() });

export const forgettingSchema = originSchema.extend({
  /** The volume's id. */
  volume: z.string().min(1),
  keys: listOf(z.string()),
});
export const forgottenSchema = z.object({ forgotten: count });

/** A stored object as a manifest has it; taken over without a job. */
const storedStateSchema = z.object({
  key: z.string().min(1),
  listedSize: sizeSchema,
  size: sizeSchema,
  /** Unix seconds. */
  modified: z.int(),
  /** Unix seconds. */
  storedAt: z.int(),
  md5: z.string().refine(isMd5, "must be 32 lower-case hex digits").exactOptional(),
  verified: z.boolean().exactOptional(),
  path: pathInsideSchema.exactOptional(),
  etag: z.string().exactOptional(),
});
export type StoredState = z.infer<typeof storedStateSchema>;

export const restoringSchema = originSchema.extend({
  volume: volumeDescriptionSchema,
  states: listOf(storedStateSchema),
});
export const restoredSchema = z.object({ restored: count });

/**
 * A copy of the catalogue, as it was when the copy was ready. `path`: on the disk of the ledger.
 */
export const backupSchema = z.object({ path: z.string(), bytes: count });
export type CatalogueCopy = z.infer<typeof backupSchema>;
