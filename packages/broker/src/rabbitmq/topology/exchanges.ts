import { type Delay, delays, type Message } from "@brigade/core";
import { mayBeOfDownloader, queueOf, type WorkQueue } from "../../route.ts";

/**
 * The exchanges of a source are divided by who may write to them (deploy/broker/start.sh):
 * - everybody: `work` (batches), `records` (results), `wait.…` (batches for later), `dead`
 * - listers, the ledger, the admin: `listing` (directories and pages), `listing-wait.…`
 *   (directories for later)
 * - the ledger and the admin: `back` (records that they give back), `back-wait.…` (records for
 *   later)
 */
type Kind = "work" | "records" | "dead" | "listing" | "back";
type WaitKind = "wait" | "listing-wait" | "back-wait";

/** Returns how the names of a source's exchanges begin. */
export function exchangePrefix(source: string): string {
  return `brigade.${source}.x.`;
}

export function exchangeName(source: string, kind: Kind): string {
  return exchangePrefix(source) + kind;
}

export function waitExchange(source: string, kind: WaitKind, delay: Delay): string {
  return `${exchangePrefix(source)}${kind}.${delay / 1_000}s`;
}

/**
 * Returns the exchange that exists only if those of the source are divided. In the version before
 * they are not.
 */
export function markOfDivision(source: string): string {
  return exchangeName(source, "listing");
}

/** Whether only listers, the ledger and the admin may have published there. */
export function isFromLister(exchange: string): boolean {
  return exchange.endsWith(".x.listing");
}

/**
 * Whether only the ledger and the admin may have published there. Directories that have waited are
 * there too; listers publish these.
 */
export function isFromLedger(exchange: string): boolean {
  return exchange.endsWith(".x.back");
}

export function allExchangeNames(source: string): readonly string[] {
  const kinds = ["work", "records", "dead", "listing", "back"] as const;
  const waits = ["wait", "listing-wait", "back-wait"] as const;
  return [
    ...kinds.map((kind) => exchangeName(source, kind)),
    ...waits.flatMap((kind) => delays.map((delay) => waitExchange(source, kind, delay))),
  ];
}

/** The routing key per queue. */
export const keys: Record<WorkQueue, string> = {
  directories: "directory",
  files: "file",
  retry: "retry",
  records: "record",
};

interface Way {
  readonly kind: Kind;
  readonly wait: WaitKind;
  /** The exchange to use instead if those of the source are not divided. */
  readonly undivided: "work" | "records";
}

const listing: Way = { kind: "listing", wait: "listing-wait", undivided: "work" };
const pages: Way = { kind: "listing", wait: "back-wait", undivided: "records" };
const results: Way = { kind: "records", wait: "back-wait", undivided: "records" };
const back: Way = { kind: "back", wait: "back-wait", undivided: "records" };
const backListing: Way = { kind: "back", wait: "listing-wait", undivided: "work" };
const work: Way = { kind: "work", wait: "wait", undivided: "work" };

/** Where to publish something. */
export interface Destination {
  readonly exchange: string;
  /** The exchange to use if there is none of that name: the source's are not divided yet. */
  readonly undivided: string;
  readonly key: string;
}

/**
 * Returns the way of a message that is made here to its queue; with a delay through a wait queue.
 */
export function wayOf(message: Message, delay: Delay | undefined): Destination {
  const queue = queueOf(message, delay !== undefined);
  const ofRecord = mayBeOfDownloader(message) ? results : pages;
  const way = queue === "records" ? ofRecord : wayInto(queue);
  return destination(message.job.source, way, queue, delay);
}

/** Returns the way to a queue for what the admin puts there, whoever made it. */
export function wayOfAdmin(source: string, queue: WorkQueue): Destination {
  return destination(source, queue === "directories" ? backListing : wayInto(queue), queue, undefined);
}

/** Returns the way back to a queue, for the service that reads it. */
export function wayBack(source: string, queue: WorkQueue, delay?: Delay): Destination {
  return destination(source, wayInto(queue), queue, delay);
}

function wayInto(queue: WorkQueue): Way {
  if (queue === "records") return back;
  return queue === "directories" ? listing : work;
}

function destination(source: string, way: Way, queue: WorkQueue, delay: Delay | undefined): Destination {
  const key = keys[queue];
  if (delay !== undefined) {
    const undivided = waitExchange(source, "wait", delay);
    return { exchange: waitExchange(source, way.wait, delay), undivided, key };
  }
  return { exchange: exchangeName(source, way.kind), undivided: exchangeName(source, way.undivided), key };
}
