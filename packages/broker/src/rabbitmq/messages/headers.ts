import { z } from "zod";

/** Headers that we set. */
export const headerNames = {
  /** Deaths of consumers before this message was given back. */
  deliveries: "x-brigade-deliveries",
  /** Who made it, of what others give back; "" where that is not known. */
  author: "x-brigade-author",
  /**
   * Of dead letters: the routing key that leads to where they came from, why they died, on which
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

/** How often a consumer died over this message. */
export function deliveriesOf(headers: unknown): number {
  const counts = countsSchema.parse(headers ?? {});
  return counts["x-delivery-count"] + counts[headerNames.deliveries];
}

/** Whether it was given back: only then has it this header. */
export function wasGivenBack(headers: object | undefined): boolean {
  return headers !== undefined && headerNames.deliveries in headers;
}

/** What a message that was given back says of its author. */
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
