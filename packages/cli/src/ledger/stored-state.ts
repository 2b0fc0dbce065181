import type { StoredState } from "@brigade/ledger";

/** What a volume says of an object that lies on it. `storedAt`: Unix milliseconds. */
type OnVolume = Omit<StoredState, "path" | "etag"> & {
  readonly path?: string | undefined;
  readonly etag?: string | undefined;
};

/** Returns it as the ledger takes it: times in seconds. */
export function storedState(object: OnVolume): StoredState {
  const { key, listedSize, size, modified, storedAt, md5, verified, path, etag } = object;
  return {
    key,
    listedSize,
    size,
    modified,
    storedAt: Math.floor(storedAt / 1000),
    ...(md5 !== undefined && { md5 }),
    ...(verified !== undefined && { verified }),
    ...(path !== undefined && { path }),
    ...(etag !== undefined && { etag }),
  };
}
