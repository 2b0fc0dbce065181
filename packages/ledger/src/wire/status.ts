import { newerMessagesSchema, presenceSchema, standingSchema, volumeStandingSchema } from "@brigade/core";
import { z } from "zod";
import { count, time } from "./amounts.ts";
import { jobRecordSchema, jobStandingSchema } from "./jobs.ts";
import { volumeContentsSchema } from "./volumes.ts";

const rate = z.number().nonnegative();

/** Per second, over the 10 seconds before. */
export const rateSchema = z.object({
  at: time,
  /** With an outcome, whichever. */
  objects: rate,
  /** Stored. */
  bytes: rate,
});
export type Rate = z.infer<typeof rateSchema>;

/** Ready messages. */
const queuesSchema = z.object({
  directories: count,
  files: count,
  retry: count,
  wait: count,
  records: count,
  dead: count,
});
export type Queues = z.infer<typeof queuesSchema>;

const jobStatusSchema = jobStandingSchema.extend({
  rate: rateSchema.omit({ at: true }),
  /**
   * Until every listed object has an outcome, at the rate of the last minute; absent while more is
   * being listed.
   */
  etaSeconds: count.exactOptional(),
  /** The directories that records came from last, latest first. */
  working: z.array(z.object({ directory: z.string(), at: time })).readonly(),
  /**
   * The job is open, but nothing is queued and nothing has come since then: it has holes, or no
   * service is at work.
   */
  idle: z.object({ since: time }).exactOptional(),
});
export type JobStatus = z.infer<typeof jobStatusSchema>;

const unreadableJobSchema = z.object({
  job: z.string(),
  state: jobRecordSchema.shape.state,
  reason: z.string(),
});
export type UnreadableJob = z.infer<typeof unreadableJobSchema>;

const sourceStatusSchema = z.object({
  source: z.string(),
  /** Its latest. */
  job: jobStatusSchema.exactOptional(),
  /**
   * Its latest job, if what the catalogue has of it cannot be read: the job is set apart, and can
   * only be closed.
   */
  unreadable: unreadableJobSchema.exactOptional(),
  /** Absent: not known. */
  queues: queuesSchema.exactOptional(),
  /**
   * The broker has lost messages of the open job. `missing`: queues that are gone; none: nothing is
   * queued, and no service holds anything.
   */
  lost: z.object({ missing: z.array(z.string()) }).exactOptional(),
  /**
   * Messages that wait for a program that can read them, as services saw them in the last minute.
   */
  newer: z.array(newerMessagesSchema).exactOptional(),
});
export type SourceStatus = z.infer<typeof sourceStatusSchema>;

const serviceStatusSchema = presenceSchema
  .pick({ service: true, host: true, instance: true, sources: true })
  .extend({
    seenAt: time,
    /** It should have spoken since. */
    silentSince: time.exactOptional(),
  });
export type ServiceStatus = z.infer<typeof serviceStatusSchema>;

const volumeStatusSchema = volumeContentsSchema.extend({
  /** The folder on its host, as long as a service there is heard. */
  root: z.string().exactOptional(),
  /**
   * When a service there last looked whether the disk is there; of services that do not look, when
   * they last spoke.
   */
  lookedAt: time.exactOptional(),
  /** How its service uses it, as long as that is heard. */
  standing: volumeStandingSchema.exactOptional(),
  /** Bytes that stay free. */
  floor: count.exactOptional(),
  /** Volumes of a host with the same one share its room. */
  fileSystem: z.string().exactOptional(),
});
export type VolumeStatus = z.infer<typeof volumeStatusSchema>;

/** Whether all that is still to come has room. Amounts in bytes. */
const forecastSchema = z.object({
  /** Listed without an outcome. */
  left: count,
  /** Above the floors of all disks that are here. */
  room: count,
  /** What is missing at least; 0 if there is room for all that is listed. */
  missing: count,
  /** More may be listed. */
  isListing: z.boolean(),
  /** Disks that will be full before all has come, the first one first. */
  full: z.array(
    z.object({ volume: z.string(), host: z.string(), label: z.string().exactOptional(), seconds: count }),
  ),
});
export type Forecast = z.infer<typeof forecastSchema>;

export const statusSchema = z.object({
  at: time,
  /** When this ledger began. */
  since: time,
  /**
   * Why the broker accepts no messages from this ledger; absent while it does, and where the accounts
   * have no broker.
   */
  brokerTrouble: z.string().exactOptional(),
  /** What people have ordered, and holds; absent where no orders can be given. */
  standing: standingSchema.exactOptional(),
  /** By name. */
  sources: z.array(sourceStatusSchema),
  /** Those that were heard in the last 10 minutes and have not left, by host. */
  services: z.array(serviceStatusSchema),
  /** By host. */
  volumes: z.array(volumeStatusSchema),
  /** Absent: no job is open, or no disk has reported its room. */
  forecast: forecastSchema.exactOptional(),
});
export type Status = z.infer<typeof statusSchema>;

export const ratesQuerySchema = z.strictObject({ job: z.string().min(1) });
