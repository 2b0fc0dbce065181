import { z } from "zod";
import { listOf } from "../messages/bounded-json.ts";
import { sourceNameSchema } from "../messages/job.ts";

/** More hosts or disks than this has no fleet. */
const mostPlaces = 1_000;
const mostWindows = 48;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are refused
const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$/u;

/** Text for people that came from people: it may go to a terminal or a page as it is. */
const said = (longest: number) => z.string().max(longest).regex(printable, "must have no control characters");

export const callerSchema = said(255).min(1);
/** Free text; "" where none was given. */
export const reasonSchema = said(500);
/** A host as services name it, and a volume by its id. */
export const placeNameSchema = said(255).min(1);

/** Who ordered it, when and why. */
const orderedShape = {
  /** Unix milliseconds. */
  since: z.int().nonnegative(),
  /** What the caller says that he is: `user@host`. */
  by: callerSchema,
  reason: reasonSchema,
};
export const orderedSchema = z.object(orderedShape);
export type Ordered = z.infer<typeof orderedSchema>;

const perSecond = z.number().positive();
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 07:30");

/** Bytes per second at this time of each day. Across midnight where `to` is before `from`. */
const windowSchema = z.object({ from: timeOfDay, to: timeOfDay, bandwidth: perSecond });
export type LimitWindow = z.infer<typeof windowSchema>;

/** What all services together, or those of one host, may ask of the source. */
export const limitSchema = z.object({
  ...orderedShape,
  /** Absent: it is the whole fleet's. */
  host: placeNameSchema.exactOptional(),
  /** Bytes per second outside of all windows. Absent: any number. */
  bandwidth: perSecond.exactOptional(),
  /** Requests per second. */
  requests: perSecond.exactOptional(),
  /** Requests for listings per second. */
  listing: perSecond.exactOptional(),
  schedule: listOf(windowSchema, { most: mostWindows }),
  /** Of the schedule, such as `Asia/Shanghai`. */
  timeZone: said(64).min(1),
});
export type Limit = z.infer<typeof limitSchema>;

export const drainedHostSchema = z.object({ ...orderedShape, host: placeNameSchema });
export type DrainedHost = z.infer<typeof drainedHostSchema>;

export const drainedVolumeSchema = z.object({
  ...orderedShape,
  /** The volume's id. */
  volume: placeNameSchema,
  /** Its descriptors are to be closed as well. */
  eject: z.boolean(),
});
export type DrainedVolume = z.infer<typeof drainedVolumeSchema>;

const count = z.int().nonnegative().max(1_000_000);

/** Services that work for the source now: each takes its part of a limit. */
const workersSchema = z.object({
  downloaders: count,
  listers: count,
  /** The same per host. */
  hosts: listOf(z.object({ host: placeNameSchema, downloaders: count, listers: count }), {
    most: mostPlaces,
  }),
});

/**
 * All that the services of a source are told while they run. Each message is the whole state: what
 * is missing in it is over.
 *
 * `v` changes only where the meaning of a part changes. A new part does not change it: a service
 * that does not know the part ignores it, and reports its name.
 */
export const controlSchema = z.object({
  v: z.literal(1),
  source: sourceNameSchema,
  /** Grows with each order, also over restarts of the ledger. */
  revision: z.int().nonnegative(),
  /** Unix milliseconds when it was sent. */
  at: z.int().nonnegative(),
  /** No request starts while this is present. */
  hold: orderedSchema.exactOptional(),
  limits: listOf(limitSchema, { most: mostPlaces }),
  workers: workersSchema,
  drainedHosts: listOf(drainedHostSchema, { most: mostPlaces }),
  drainedVolumes: listOf(drainedVolumeSchema, { most: mostPlaces }),
});
export type Control = z.infer<typeof controlSchema>;
export type ControlWorkers = Control["workers"];
