import { type Body, md5Of } from "./body.ts";

/**
 * MD5 sums by a name for the bytes. The number is bounded: the oldest are dropped and computed
 * again.
 */
export interface Digests {
  of(name: string, body: Body): string;
  clear(): void;
}

export function createDigests(capacity = 200_000): Digests {
  const known = new Map<string, string>();
  return {
    of(name, body) {
      const found = known.get(name);
      if (found !== undefined) return found;
      const digest = md5Of(body);
      known.set(name, digest);
      if (known.size > capacity) {
        for (const oldest of known.keys()) {
          known.delete(oldest);
          break;
        }
      }
      return digest;
    },
    clear: () => known.clear(),
  };
}
