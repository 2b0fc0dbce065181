import { byteSize, flag, integer } from "@brigade/core";
import { z } from "zod";
import type { Floor } from "./floor.ts";

const share = z
  .string()
  .regex(/^\d+(\.\d+)?\s*%$/)
  .transform((text) => Number.parseFloat(text) / 100)
  .pipe(z.number().max(1));

const floor = (amount: z.ZodType<number, string>, what: string) =>
  z.union(
    [
      share.transform((value): Floor => ({ share: value })),
      amount.transform((value): Floor => ({ amount: value })),
    ],
    { error: `must be ${what}, or a share such as 5%` },
  );

/** The environment's part about volumes. */
export const volumeVariables = z.object({
  /** Roots, separated by `:`; none by default. */
  VOLUMES: z
    .string()
    .transform((text) => text.split(":").filter((root) => root !== ""))
    .refine((roots) => new Set(roots).size === roots.length, "names a volume twice")
    .default([]),
  /** Bytes that stay free: for the manifest, for the catalogue that may lie there, for other programs. */
  MIN_FREE: floor(byteSize, "a size such as 500MiB").default({ share: 0.01 }),
  MIN_FREE_INODES: floor(integer(), "a whole number").default({ share: 0.01 }),
  /** A service may make volumes of folders that are none. */
  VOLUME_AUTO_INIT: flag.default(false),
  DURABILITY: z.enum(["group", "file", "none"], "must be group, file or none").default("group"),
});
export type VolumeSettings = z.infer<typeof volumeVariables>;
