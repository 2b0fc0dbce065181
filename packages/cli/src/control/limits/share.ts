import type { Control, Limit } from "@brigade/core";
import { bandwidthAt, isTimeZone } from "./schedule.ts";

/** Who obeys. A `copy` is alone, and its limits are not shared. */
export interface Obeying {
  readonly role: "downloader" | "lister" | "copy";
  readonly host: string;
}

/** Per second; absent: no limit. */
export interface Share {
  readonly bandwidth?: number | undefined;
  readonly requests?: number | undefined;
  readonly listing?: number | undefined;
}

/**
 * Returns the part of all limits that one service may use at this moment. Where two limits hold, of
 * the fleet and of its host, the smaller part counts. `now`: Unix milliseconds.
 */
export function shareOf(control: Pick<Control, "limits" | "workers">, who: Obeying, now: number): Share {
  const shares = control.limits
    .filter(({ host }) => host === undefined || host === who.host)
    .map((limit) => part(limit, sharers(control, limit.host, who.role), who.role, now));
  return smallest(shares);
}

/** Returns the smallest of each. */
export function smallest(shares: readonly Share[]): Share {
  const least = (of: keyof Share) => {
    const given = shares.map((share) => share[of]).filter((one) => one !== undefined);
    return given.length === 0 ? undefined : Math.min(...given);
  };
  return { bandwidth: least("bandwidth"), requests: least("requests"), listing: least("listing") };
}

function part(limit: Limit, services: number, role: Obeying["role"], now: number): Share {
  const divided = (perSecond: number | undefined) =>
    perSecond === undefined ? undefined : perSecond / services;
  const ofObjects = { bandwidth: divided(bandwidthNow(limit, now)), requests: divided(limit.requests) };
  const ofListings = { listing: divided(limit.listing) };
  if (role === "copy") return { ...ofObjects, ...ofListings };
  return role === "downloader" ? ofObjects : ofListings;
}

/** A schedule in a time zone that this machine does not know is obeyed at its slowest. */
function bandwidthNow(limit: Limit, now: number): number | undefined {
  if (limit.schedule.length === 0 || isTimeZone(limit.timeZone)) return bandwidthAt(limit, now);
  return smallest([limit, ...limit.schedule].map(({ bandwidth }) => ({ bandwidth }))).bandwidth;
}

function sharers({ workers }: Pick<Control, "workers">, host: string | undefined, role: Obeying["role"]) {
  if (role === "copy") return 1;
  const counts = host === undefined ? workers : workers.hosts.find((one) => one.host === host);
  return Math.max(1, (role === "downloader" ? counts?.downloaders : counts?.listers) ?? 1);
}
