import { byteSize, integer } from "@brigade/core";
import type { ListerOptions } from "@brigade/lister";
import { z } from "zod";

/** Variables that belong to no single package; `.env.example` explains them. */
export const settingsSchema = z.object({
  LIST_CONCURRENCY: integer({ min: 1, max: 256 }).default(8),
  BATCH_FILES: integer({ min: 1, max: 10_000 }).default(64),
  BATCH_BYTES: byteSize.default(64 * 1024 * 1024),
  PREFETCH_BATCHES: integer({ min: 1, max: 1_000 }).default(32),
  HIGH_WATER_BATCHES: integer({ min: 1 }).default(2_000),
  MAX_ATTEMPTS: integer({ min: 1, max: 100 }).default(5),
  OUTAGE_LIMIT_MS: integer({ min: 0 }).default(3_600_000),
  SHUTDOWN_GRACE_MS: integer({ min: 0 }).default(30_000),
  STATE_DIR: z.string().optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});
export type Settings = z.infer<typeof settingsSchema>;

export function listerOptions(settings: Settings): ListerOptions {
  return {
    concurrency: settings.LIST_CONCURRENCY,
    batchFiles: settings.BATCH_FILES,
    batchBytes: settings.BATCH_BYTES,
    highWater: settings.HIGH_WATER_BATCHES,
    maxAttempts: settings.MAX_ATTEMPTS,
    outageLimit: settings.OUTAGE_LIMIT_MS,
  };
}
