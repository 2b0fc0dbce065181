import type { Pauses } from "./backoff.ts";

/**
 * The pauses between tries. How often something is tried is for its caller to say; here are the
 * counts that nobody can set.
 *
 * `delays` are the only pauses that reach a broker: a message that is to be tried later waits in a
 * queue per delay, and the names of these queues hold its milliseconds. Whoever changes `delays`
 * changes the names: a queue of a delay that is gone keeps its messages, and no `brigade` looks
 * there. So a job must have ended before a version with other delays runs, or the old delay stays
 * in the list.
 */
export const delays = [1_000, 10_000, 60_000, 600_000] as const;
export type Delay = (typeof delays)[number];

/** Returns the shortest delay that is at least `ms` milliseconds, or the longest that there is. */
export function delayOf(ms: number): Delay {
  return delays.find((delay) => delay >= ms) ?? 600_000;
}

/** A listing or a `stat` that failed: something may have been wrong for a moment. */
export const pausesOfHiccups: Pauses = { first: 200, most: 5_000 };
export const triesOfHiccups = 3;

/** An object of a batch. After its attempts it goes back to the broker, and waits there. */
export const pausesOfObjects: Pauses = { first: 100, most: 1_000 };

/** A file of an index page about which no answer came. It is requested once more. */
export const pausesOfInquiries: Pauses = { first: 500, most: 5_000 };

/** A large file, whole or a segment of it. */
export const pausesOfTransfers: Pauses = { first: 250, most: 30_000 };
/** Milliseconds: a server that asks for a longer rest ends the transfer. */
export const longestRestOfTransfers = 600_000;

/** The probe of a source that is away, or of a host that is down. */
export const pausesOfProbes: Pauses = { first: 1_000, most: 60_000 };

/** A broker that is away, a queue that is not there yet, a message that the broker did not accept. */
export const pausesOfBroker: Pauses = { first: 200, most: 10_000 };

/** A record that the disk under the catalogue did not accept. The broker delivers it again. */
export const pausesOfRecords: Pauses = { first: 100, most: 10_000 };

/** A disk that cannot be written, under the catalogue of a service. */
export const pausesOfCatalogue: Pauses = { first: 1_000, most: 10_000 };
