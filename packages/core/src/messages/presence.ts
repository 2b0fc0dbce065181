import { z } from "zod";
import { listOf } from "./bounded-json.ts";

const count = z.int().nonnegative();
/** More disks than this has no service. */
const mostVolumes = 1_000;

/** A service counts as silent after this many of the intervals in which it reports. */
export const silentIntervals = 3;
/** More services than this are nobody's fleet. */
export const mostServices = 1_000;

/** What a service has in hand of a source, where it says so. */
const holdingSchema = z.object({
  /** Messages that it was handed and has not settled. */
  deliveries: count,
  /** Bytes of objects that came since the service began. */
  bytes: count,
  /** Milliseconds since the last byte came, or the last message was published or settled. */
  quietMs: count,
});
export type Holding = z.infer<typeof holdingSchema>;

/** How many bodies of a source come at once, or how many pages of it are listed at once. */
export const fetchingSchema = z.object({
  atOnce: count,
  /** What keeps it from more, for people: "the line". */
  limitedBy: z.string(),
});
export type Fetching = z.infer<typeof fetchingSchema>;

/**
 * Messages that a service was handed in the last minute and that only a newer program can read.
 * They wait.
 */
export const newerMessagesSchema = z.object({
  queue: z.enum(["directories", "files", "retry", "records"]),
  /** What only a newer program reads, for people: "message version 2". */
  needs: z.string(),
  messages: count,
});
export type NewerMessages = z.infer<typeof newerMessagesSchema>;

/** What a service has heard of the source's control. */
const obeyedSchema = z.object({
  /** Absent: it has heard nothing, and works. */
  revision: count.exactOptional(),
  /** Parts that only a newer program knows. */
  unknown: listOf(z.string().max(200), { most: 20 }),
});
export type ObeyedControl = z.infer<typeof obeyedSchema>;

/**
 * How a volume is:
 *
 * - `ok`         it takes objects
 * - `filling`    it takes objects, and a twentieth of its disk at most is left above its floor
 * - `full`       it takes nothing until it has more room
 * - `read-only`  its file system is read-only; it is tried again
 * - `failing`    its disk fails; it is tried again
 * - `hanging`    its disk does not answer; it is used again when it does
 * - `drained`    people want nothing new there
 * - `ejected`    the same, and nothing is open there: it can be unmounted
 * - `gone`       its disk is not there; it is tried again
 */
export const volumeStandingSchema = z.object({
  state: z.enum(["ok", "filling", "full", "read-only", "failing", "hanging", "drained", "ejected", "gone"]),
  /** Unix milliseconds. */
  since: z.int(),
  /** For people. */
  reason: z.string().exactOptional(),
});
export type VolumeStanding = z.infer<typeof volumeStandingSchema>;

/**
 * What a service says of itself every few seconds, to whoever listens. It may be lost, and it is
 * not kept. It may keep a job open that would be closed as stalled; it never closes one. A service
 * that falls silent is shown as such, and its disks are lost until somebody speaks of them again.
 */
export const presenceSchema = z.object({
  v: z.literal(1),
  service: z.enum(["lister", "downloader", "copy"]),
  host: z.string(),
  /**
   * Names the service: `host-1` where it keeps its name from start to start, else
   * `downloader@host#7` by its process.
   */
  instance: z.string().min(1),
  /** Unix milliseconds: distinguishes the processes that had the name one after another. */
  began: z.int().exactOptional(),
  /** Unix milliseconds. */
  at: z.int(),
  /** Milliseconds until the next word, at the latest. */
  everyMs: z.int().positive(),
  /** Its last word. */
  leaving: z.literal(true).exactOptional(),
  sources: listOf(
    z.object({
      name: z.string(),
      /** Why its work for the source pauses, for people; empty while it runs. */
      pauses: listOf(z.string()),
      holding: holdingSchema.exactOptional(),
      /** Absent: it fetches nothing. */
      fetching: fetchingSchema.exactOptional(),
      /** Absent: it lists nothing. */
      listing: fetchingSchema.exactOptional(),
      /**
       * Messages of this job that it has put into a wait queue, less those that it received from
       * one: summed over all services, what still waits. Negative where others put them there.
       */
      waiting: z.object({ job: z.string(), messages: z.int() }).exactOptional(),
      newer: listOf(newerMessagesSchema).exactOptional(),
      /** Absent: it obeys no control. */
      control: obeyedSchema.exactOptional(),
    }),
  ),
  volumes: listOf(
    z.object({
      id: z.string().min(1),
      label: z.string(),
      root: z.string(),
      /** Bytes that may still be written, and of the whole disk. Absent: the disk does not say. */
      free: count.exactOptional(),
      size: count.exactOptional(),
      /** Bytes that stay free. Absent: not known. */
      floor: count.exactOptional(),
      /** Names the file system on its host: volumes with the same one share its room. */
      fileSystem: z.string().exactOptional(),
      /**
       * Milliseconds since somebody last looked whether its disk is there. Absent: nobody has
       * looked.
       */
      lookedMs: count.exactOptional(),
      /** Why what lies on it could not be read then, for people. Absent: it is there. */
      lost: z.string().exactOptional(),
      standing: volumeStandingSchema.exactOptional(),
    }),
    { most: mostVolumes },
  ),
});
export type Presence = z.infer<typeof presenceSchema>;
