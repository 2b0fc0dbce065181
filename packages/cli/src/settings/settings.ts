import { byteSize, httpUrl, integer, listingBounds, placesVariable } from "@brigade/core";
import type { DownloaderOptions } from "@brigade/downloader";
import type { ListerOptions } from "@brigade/lister";
import type { ConfiguredSource } from "@brigade/sources";
import { z } from "zod";
import { memoryPlan } from "../limits/memory-plan.ts";

/** Variables that belong to no single package; `.env.example` explains them. */
export const settingsSchema = z.object({
  LIST_CONCURRENCY: placesVariable(listingBounds),
  BATCH_FILES: integer({ min: 1, max: 10_000 }).default(64),
  BATCH_BYTES: byteSize.default(64 * 1024 * 1024),
  LARGE_OBJECT: byteSize.pipe(z.number().min(1)).default(64 * 1024 * 1024),
  LARGE_CONNECTIONS: integer({ min: 1, max: 64 }).default(4),
  PREFETCH_BATCHES: integer({ min: 1, max: 1_000 }).default(32),
  HIGH_WATER_BATCHES: integer({ min: 1 }).default(2_000),
  MAX_ATTEMPTS: integer({ min: 1, max: 100 }).default(5),
  OUTAGE_LIMIT_MS: integer({ min: 0 }).default(3_600_000),
  CONSUMER_TIMEOUT_MS: integer({ min: 1_000 }).default(1_800_000),
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

export function downloaderOptions(
  settings: Settings,
  { concurrency, pacing }: Pick<ConfiguredSource, "concurrency" | "pacing">,
): DownloaderOptions {
  return {
    concurrency,
    concurrencyNow: () => pacing.bodies.limit,
    prefetch: settings.PREFETCH_BATCHES,
    maxAttempts: settings.MAX_ATTEMPTS,
    outageLimit: settings.OUTAGE_LIMIT_MS,
    endsWhenAllIsRefused: false,
    memory: memoryPlan().bodies,
    largeObject: settings.LARGE_OBJECT,
    largeConnections: settings.LARGE_CONNECTIONS,
  };
}

/** Records that the ledger holds at once: it commits them together. */
export const ledgerPrefetch = 512;

/** What can stand in a header. */
const token = z.string().regex(/^[\x20-\x7e]+$/, "must be printable ASCII");

/** For all commands and services that ask the ledger. */
export const ledgerClientVariables = z.object({
  LEDGER_URL: httpUrl.default("http://127.0.0.1:9100"),
  LEDGER_TOKEN: token.optional(),
});

/** For services that ask the ledger. */
export const ledgerServiceVariables = ledgerClientVariables.extend({
  LEDGER_SERVICE_TOKEN: token.optional(),
});

/** Returns the token that a service shows the ledger: its own, or the operator's if it has none. */
export function serviceTokenOf(own: z.infer<typeof ledgerServiceVariables>): string | undefined {
  return own.LEDGER_SERVICE_TOKEN ?? own.LEDGER_TOKEN;
}

/** Names or addresses, separated by blanks or commas. An IPv6 address may stand in brackets. */
const hostNames = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((name) => name !== ""))
  .transform((names) => names.map((name) => name.replace(/^\[(.*)\]$/, "$1")))
  .pipe(
    z.array(
      z
        .string()
        .regex(
          /^([\w.-]+|[\da-f.]*:[\da-f.]*:[\da-f.:]*)$/i,
          "must be names or addresses, without scheme and port",
        ),
    ),
  );

/** For the ledger itself. */
export const ledgerVariables = z.object({
  LEDGER_PATH: z.string(),
  LEDGER_TOKEN: token.optional(),
  LEDGER_SERVICE_TOKEN: token.optional(),
  LEDGER_HOSTS: hostNames.optional(),
  STALL_LIMIT_MS: integer({ min: 1 }).default(3_600_000),
});

/** The default ports of services' health and metrics. */
export const httpPorts = { ledger: 9100, lister: 9101, downloader: 9102 } as const;
export type ServiceName = keyof typeof httpPorts;

export const httpVariables = (service: ServiceName) =>
  z.object({
    HTTP_HOST: z.string().default("127.0.0.1"),
    /** 0: any that is free; the log has it. */
    HTTP_PORT: integer({ max: 65_535 }).default(httpPorts[service]),
  });

/** The value of BRIGADE_INSTANCE in the compose file, whose replicas share one environment. */
export const byDns = "@dns";

/** For downloaders. */
export const instanceVariables = z.object({
  BRIGADE_INSTANCE: z
    .string()
    .regex(/^(@dns|[\w.-]{1,64})$/, `must be letters, digits, _ - and . only, or ${byDns}`)
    .optional(),
});
