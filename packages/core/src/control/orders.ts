import { z } from "zod";
import { listOf } from "../messages/bounded-json.ts";
import { sourceNameSchema } from "../messages/job.ts";
import {
  type Control,
  type ControlWorkers,
  callerSchema,
  drainedHostSchema,
  drainedVolumeSchema,
  limitSchema,
  orderedSchema,
  placeNameSchema,
  reasonSchema,
} from "./control.ts";

const from = { by: callerSchema, reason: reasonSchema };
const source = sourceNameSchema;

/** What people may order. An order replaces an earlier one for the same thing. */
export const orderSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pause"), source, ...from }),
  z.object({ kind: z.literal("resume"), source, ...from }),
  limitSchema.omit({ since: true }).extend({ kind: z.literal("limit"), source }),
  /** Ends a limit of the host, or of the whole fleet. */
  z.object({ kind: z.literal("limit-off"), source, host: placeNameSchema.exactOptional(), ...from }),
  z.object({ kind: z.literal("drain"), host: placeNameSchema, ...from }),
  z.object({ kind: z.literal("undrain"), host: placeNameSchema, ...from }),
  z.object({ kind: z.literal("drain-volume"), volume: placeNameSchema, eject: z.boolean(), ...from }),
  z.object({ kind: z.literal("undrain-volume"), volume: placeNameSchema, ...from }),
]);
export type Order = z.infer<typeof orderSchema>;

/** All orders that hold, of all sources: what is kept of them. */
export const standingSchema = z.object({
  v: z.literal(1),
  revision: z.int().nonnegative(),
  sources: listOf(
    z.object({ source, hold: orderedSchema.exactOptional(), limits: listOf(limitSchema, { most: 1_000 }) }),
    { most: 10_000 },
  ),
  drainedHosts: listOf(drainedHostSchema, { most: 1_000 }),
  drainedVolumes: listOf(drainedVolumeSchema, { most: 1_000 }),
});
export type Standing = z.infer<typeof standingSchema>;
type OfSource = Standing["sources"][number];

export const noOrders: Standing = { v: 1, revision: 0, sources: [], drainedHosts: [], drainedVolumes: [] };

/**
 * Returns what holds after the order. `now`: Unix milliseconds. The same order again keeps its
 * `since`; its caller and reason are the new ones.
 */
export function withOrder(standing: Standing, order: Order, now: number): Standing {
  const changed = changedBy(standing, order, now);
  return { ...standing, ...changed, revision: nextRevision(standing, now) };
}

/**
 * Returns the same orders with a revision that no message had before. For a ledger that starts: its
 * catalogue may be a backup.
 */
export function renewed(standing: Standing, now: number): Standing {
  return { ...standing, revision: nextRevision(standing, now) };
}

/** Returns the time, as far as clocks go forward. */
function nextRevision({ revision }: Standing, now: number): number {
  return Math.max(revision + 1, now);
}

/** Returns what the services of the source are told. `at`: Unix milliseconds. */
export function controlOf(standing: Standing, name: string, workers: ControlWorkers, at: number): Control {
  const { revision, drainedHosts, drainedVolumes } = standing;
  const { hold, limits } = ofSource(standing, name);
  return {
    v: 1,
    source: name,
    revision,
    at,
    ...(hold && { hold }),
    limits,
    workers,
    drainedHosts,
    drainedVolumes,
  };
}

function changedBy(standing: Standing, order: Order, now: number): Partial<Standing> {
  const { by, reason } = order;
  const ordered = (before?: { readonly since: number }) => ({ since: before?.since ?? now, by, reason });
  switch (order.kind) {
    case "pause": {
      const { hold, limits } = ofSource(standing, order.source);
      return withSource(standing, { source: order.source, hold: ordered(hold), limits });
    }
    case "resume": {
      const { limits } = ofSource(standing, order.source);
      return withSource(standing, { source: order.source, limits });
    }
    case "limit": {
      const { kind: _, source: name, ...limit } = order;
      const others = limitsWithout(standing, name, order.host);
      return withSource(standing, {
        ...ofSource(standing, name),
        limits: [...others, { ...limit, since: now }],
      });
    }
    case "limit-off": {
      const limits = limitsWithout(standing, order.source, order.host);
      return withSource(standing, { ...ofSource(standing, order.source), limits });
    }
    case "drain":
    case "undrain": {
      const { host } = order;
      const before = standing.drainedHosts.find((one) => one.host === host);
      const others = standing.drainedHosts.filter((one) => one !== before);
      return { drainedHosts: order.kind === "undrain" ? others : [...others, { ...ordered(before), host }] };
    }
    case "drain-volume":
    case "undrain-volume": {
      const { volume } = order;
      const before = standing.drainedVolumes.find((one) => one.volume === volume);
      const others = standing.drainedVolumes.filter((one) => one !== before);
      if (order.kind === "undrain-volume") return { drainedVolumes: others };
      return { drainedVolumes: [...others, { ...ordered(before), volume, eject: order.eject }] };
    }
  }
}

function ofSource({ sources }: Standing, name: string): OfSource {
  return sources.find((one) => one.source === name) ?? { source: name, limits: [] };
}

function withSource({ sources }: Standing, changed: OfSource): Partial<Standing> {
  return { sources: [...sources.filter((one) => one.source !== changed.source), changed] };
}

function limitsWithout(standing: Standing, name: string, host: string | undefined): OfSource["limits"] {
  return ofSource(standing, name).limits.filter((one) => one.host !== host);
}
