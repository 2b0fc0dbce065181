import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { Reach } from "./reach.ts";

/** Looks names up for Node's own connections, and returns only addresses that may be reached. */
export function reachingLookup(reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) return callback(error, []);
      try {
        const allowed = new Set(
          reach.among(
            hostname,
            found.map(({ address }) => address),
          ),
        );
        const kept = found.filter(({ address }) => allowed.has(address));
        const [first] = kept;
        if (options.all === true || first === undefined) callback(null, kept);
        else callback(null, first.address, first.family);
      } catch (refused) {
        callback(refused instanceof Error ? refused : new Error(String(refused)), []);
      }
    });
  };
}
