import { isMd5, listOf, pathInsideSchema, sizeSchema, sourceNameSchema } from "@brigade/core";
import { z } from "zod";
import type { Location, StoredState, VolumeContents, VolumeDescription } from "../account.ts";
import type { CatalogueCopy } from "../catalogue/backup.ts";
import type { LocationQuery } from "../questions/locations.ts";
import type { StoredName } from "../questions/stored-objects.ts";
import type { OriginName } from "../tables/origins.ts";
import { amountSchema, count, time } from "./wire.ts";

/** What travels about stored objects and the volumes that they lie on, as JSON. */

/** The name of a source, and what of it the stored bytes depend on. */
const originSchema = z.object({
  source: sourceNameSchema,
  fingerprint: z.string().min(1),
}) satisfies z.ZodType<OriginName>;

/** One object, or all whose keys begin so. */
export const whereQuerySchema = z
  .strictObject({
    key: z.string().min(1).exactOptional(),
    prefix: z.string().exactOptional(),
    source: sourceNameSchema.exactOptional(),
    lost: z.stringbool().exactOptional(),
  })
  .refine(
    ({ key, prefix }) => (key === undefined) !== (prefix === undefined),
    "either key or prefix is needed",
  ) satisfies z.ZodType<LocationQuery>;

export const locationSchema = z.object({
  source: z.string(),
  fingerprint: z.string(),
  key: z.string(),
  standing: z.enum(["current", "duplicate", "superseded", "lost"]),
  volume: z.string(),
  label: z.string().exactOptional(),
  host: z.string(),
  path: z.string(),
  size: count,
  listedSize: count,
  modified: z.int(),
  storedAt: z.int(),
  md5: z.string().exactOptional(),
  verified: z.boolean().exactOptional(),
  etag: z.string().exactOptional(),
  lostAt: time.exactOptional(),
}) satisfies z.ZodType<Location>;

export const volumeContentsSchema = amountSchema.extend({
  volume: z.string(),
  label: z.string().exactOptional(),
  host: z.string(),
  seenAt: time,
  free: count.exactOptional(),
  size: count.exactOptional(),
  sources: z.array(amountSchema.extend({ source: z.string() })).readonly(),
  gone: z.object({ at: time, lost: z.string().exactOptional() }).exactOptional(),
}) satisfies z.ZodType<VolumeContents>;

export const namesQuerySchema = z.strictObject({ ...originSchema.shape, directory: z.string() });
export const storedNameSchema = z.object({
  name: z.string(),
  volume: z.string(),
  size: count,
}) satisfies z.ZodType<StoredName>;

export const directoriesQuerySchema = z.strictObject({ ...originSchema.shape, prefix: z.string() });

export const forgettingSchema = originSchema.extend({
  /** The volume's id. */
  volume: z.string().min(1),
  keys: listOf(z.string()),
});
export const forgottenSchema = z.object({ forgotten: count });

const volumeDescriptionSchema = z.object({
  id: z.string().min(1),
  label: z.string().exactOptional(),
  host: z.string(),
  free: count.exactOptional(),
  size: count.exactOptional(),
  gone: z.object({ lost: z.string().exactOptional() }).nullable().exactOptional(),
}) satisfies z.ZodType<VolumeDescription>;

const storedStateSchema = z.object({
  key: z.string().min(1),
  listedSize: sizeSchema,
  size: sizeSchema,
  modified: z.int(),
  storedAt: z.int(),
  md5: z.string().refine(isMd5, "must be 32 lower-case hex digits").exactOptional(),
  verified: z.boolean().exactOptional(),
  path: pathInsideSchema.exactOptional(),
  etag: z.string().exactOptional(),
}) satisfies z.ZodType<StoredState>;

export const restoringSchema = originSchema.extend({
  volume: volumeDescriptionSchema,
  states: listOf(storedStateSchema),
});
export const restoredSchema = z.object({ restored: count });

export const backupSchema = z.object({ path: z.string(), bytes: count }) satisfies z.ZodType<CatalogueCopy>;
