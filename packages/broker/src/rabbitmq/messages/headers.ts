import { z } from "zod";

/** Headers that this program sets. */
export const headerNames = {
  /** How many consumers died over this message before it was given back. */
  deliveries: "x-brigade-deliveries",
  /** Who made a message that another process has given back; "" if that is not known. */
  author: "x-brigade-author",
  /**
   * Of dead letters: the routing key of the queue that they came from, why they died, on which
   * host.
   */
  key: "x-brigade-key",
  error: "x-brigade-error",
  host: "x-brigade-host",
} as const;

const text = z.string().optional().catch(undefined);
const count = z.int().nonnegative().catch(0);
const countsSchema = z.object({
  /** Set by quorum queues. */
  "x-delivery-count": count,
  [headerNames.deliveries]: count,
});

/** Returns how many consumers died over this message. */
export function deliveriesOf(headers: unknown): number {
  const counts = countsSchema.parse(headers ?? {});
  return counts["x-delivery-count"] + counts[headerNames.deliveries];
}

/** Whether it was given back: no other message has this header. */
export function wasGivenBack(headers: object | undefined): boolean {
  return headers !== undefined && headerNames.deliveries in headers;
}

/**
 * Returns what a message that was given back says of its author; `undefined` if it was not given
 * back.
 */
export function authorHeader(headers: object | undefined): string | undefined {
  if (headers === undefined || !(headerNames.author in headers)) return undefined;
  return text.parse(headers[headerNames.author]) ?? "";
}

const deathsSchema = z.object({
  /** Set by the broker when it dead-letters; the latest first. */
  "x-death": z.array(z.object({ queue: z.string() })).catch([]),
});

/** Whether this message has come from a wait queue of its source. */
export function hasWaited(headers: unknown, source: string): boolean {
  const [latest] = deathsSchema.parse(headers ?? {})["x-death"];
  return latest?.queue.startsWith(`brigade.${source}.wait.`) === true;
}

export const deathSchema = z.object({
  [headerNames.key]: text,
  [headerNames.error]: text,
  [headerNames.host]: text,
});
