export type { Came, FetchCommand, FetchCounts, Fetcher, FetcherNeeds } from "./fetching/fetcher.ts";
export { BodyHash } from "./md5/bodies.ts";
export { serveVolume } from "./writer/served-volume.ts";
export { Slots } from "./writer/slots.ts";
