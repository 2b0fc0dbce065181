import { hashText, randomStream } from "../random.ts";

/** Listing pages, bodies and metadata through REST, bodies through the public domain. */
export const requestKinds = ["list", "get", "head", "domain"] as const;
export type RequestKind = (typeof requestKinds)[number];

export const listingFaults = [
  "no-cursor",
  "repeated-cursor",
  "cut-row",
  "empty-page",
  "repeated-rows",
  "missing",
  "bad-cursor",
] as const;
export type ListingFaultKind = (typeof listingFaults)[number];

/**
 * - `400` `403` `500` `502` `503` `429` `banned` the status, with its JSON body (`banned` is 429
 *   with code 42900004)
 * - `html` an error page with status 200
 * - `reset` the connection is reset before any header
 * - `stalled-headers` silence
 * - `stalled-body` headers and half the body, then silence
 * - `truncated` an honest Content-Length, half the body, then the connection ends
 * - `truncated-chunked` the same in chunks, without the last one
 * - `unframed` no length: half the body, then a clean end of the connection
 * - `endless` no length and no end
 * - `slow-body` the right bytes, a few at a time, over `overMs` milliseconds
 * - `wrong-bytes` right length and headers, one byte wrong
 * - `listing-as-file` the listing of the object's directory with status 200
 *
 * Listings only:
 * - `no-cursor` `repeated-cursor` what the page says about the next one
 * - `cut-row` properly framed, but the last row ends in its middle
 * - `empty-page` no rows, and another cursor for the same place
 * - `repeated-rows` some rows twice
 * - `missing` 404 in mid-listing; `bad-cursor` 400 code 40001005. Both only for requests with a
 *   cursor
 */
export const faultKinds = [
  "400",
  "403",
  "500",
  "502",
  "503",
  "429",
  "banned",
  "html",
  "reset",
  "stalled-headers",
  "stalled-body",
  "truncated",
  "truncated-chunked",
  "unframed",
  "endless",
  "slow-body",
  "wrong-bytes",
  "listing-as-file",
  ...listingFaults,
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** When which fault happens. Of several rules the first that fires is applied. */
export interface FaultRule {
  readonly kind: FaultKind;
  /** Default: listings for what only listings have, else bodies by either way. */
  readonly on?: RequestKind | readonly RequestKind[];
  /** 0 to 1, default 1. */
  readonly probability?: number;
  /** Only this object, or this listed directory. */
  readonly key?: string;
  /** Only the nth request that the rule looks at, counted from 1. */
  readonly nth?: number;
  /**
   * Only the first request of each key; then the probability is drawn from the key, not from the
   * order of requests.
   */
  readonly first?: boolean;
  /** The greatest number of times. */
  readonly times?: number;
  /** Of `slow-body`; default 10 s. */
  readonly overMs?: number;
  /** Of `slow-body`: from when on the rest comes at once. Default: never. */
  readonly isReleased?: () => boolean;
  /** Sent with 429 and 503. */
  readonly retryAfterSeconds?: number;
}

export interface FaultRequest {
  readonly kind: RequestKind;
  readonly key: string;
  readonly hasCursor: boolean;
}

/** Returns the fault for a request, or `undefined`. It counts the requests itself. */
export type FaultChooser = (request: FaultRequest) => FaultRule | undefined;

export function chooseFaults(rules: readonly FaultRule[], seed: number): FaultChooser {
  const choosers = rules.map((rule, index) => ({ rule, fires: ruleState(rule, seed + 7919 * (index + 1)) }));
  return (request) => choosers.find(({ fires }) => fires(request))?.rule;
}

function ruleState(rule: FaultRule, seed: number): (request: FaultRequest) => boolean {
  const { kind, probability = 1, key, nth, first = false, times = Number.POSITIVE_INFINITY } = rule;
  const kinds = kindsOf(rule);
  const needsCursor = kind === "missing" || kind === "bad-cursor" || kind === "repeated-cursor";
  const random = randomStream(seed);
  const seen = new Set<string>();
  let looked = 0;
  let fired = 0;

  return (request) => {
    if (!kinds.includes(request.kind)) return false;
    if (key !== undefined && key !== request.key) return false;
    if (needsCursor && !request.hasCursor) return false;
    if (first) {
      if (seen.has(request.key)) return false;
      seen.add(request.key);
    }
    looked++;
    if (nth !== undefined && looked !== nth) return false;
    if (fired >= times) return false;
    const draw = first ? hashText(request.key, seed) / 2 ** 32 : random();
    if (draw >= probability) return false;
    fired++;
    return true;
  };
}

function kindsOf({ kind, on }: FaultRule): readonly RequestKind[] {
  if (on !== undefined) return typeof on === "string" ? [on] : on;
  return listingFaults.some((listing) => listing === kind) ? ["list"] : ["get", "domain"];
}
