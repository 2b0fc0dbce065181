import type { FaultKind, RequestKind } from "./faults/rules.ts";

/** Counts of requests. Read them at any time; the server goes on counting. */
export interface Counters extends Record<RequestKind, number> {
  /** Listing requests without a cursor: walks begun. */
  firstPages: number;
  /** Requests at the other address that a big file was sent to. */
  edge: number;
  /** Requests refused for their credentials, Referer or token. */
  refused: number;
  /** Requests during an outage. */
  outage: number;
  /** Faults that happened, by kind. */
  faults: Partial<Record<FaultKind, number>>;
  /** Ranges that were sent, and those refused because others of their object were open. */
  ranges: number;
  crowded: number;
  /** Bytes of all answers that have ended, also of bytes that the client did not receive. */
  bytes: number;
  /** Bytes of answers that are under way. */
  sending(): number;
  /** Requests open now, and the most that ever were. */
  open: number;
  peak: number;
}

export function createCounters(sending: () => number): Counters {
  return {
    sending,
    list: 0,
    get: 0,
    head: 0,
    domain: 0,
    firstPages: 0,
    edge: 0,
    refused: 0,
    outage: 0,
    faults: {},
    ranges: 0,
    crowded: 0,
    bytes: 0,
    open: 0,
    peak: 0,
  };
}
