import { flag, floorVariables, integer } from "@brigade/core";
import { z } from "zod";

/** The environment's part about volumes. */
export const volumeVariables = z.object({
  /** Roots, separated by `:`; none by default. */
  VOLUMES: z
    .string()
    .transform((text) => text.split(":").filter((root) => root !== ""))
    .refine((roots) => new Set(roots).size === roots.length, "names a volume twice")
    .default([]),
  /** A file with more roots, one per line. Services read it again at SIGHUP. */
  VOLUMES_FILE: z.string().min(1).optional(),
  ...floorVariables,
  /** Threads that fetch what they write, over all volumes; 0: the main thread fetches. */
  FETCH_THREADS: integer({ max: 64 }).optional(),
  /**
   * Which volume gets the next batch:
   * - `most-free`      the one with most room above its floor
   * - `fill-in-order`  the first one, in the order in which they were given, until it is full
   * - `round-robin`    each one in turn
   */
  PLACEMENT: z.enum(["most-free", "fill-in-order", "round-robin"]).default("most-free"),
  /** A service may make volumes of folders that are none. */
  VOLUME_AUTO_INIT: flag.default(false),
  DURABILITY: z.enum(["group", "file", "none"], "must be group, file or none").default("group"),
});
export type VolumeSettings = z.infer<typeof volumeVariables>;
