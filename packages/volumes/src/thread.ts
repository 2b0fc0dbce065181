export type { Came, FetchCommand, FetchCounts, Fetcher, FetcherNeeds } from "./fetching/fetcher.ts";
export { type Body, BodyHash } from "./md5/bodies.ts";
export { reserved } from "./md5/program.ts";
export { serveVolume } from "./writer/served-volume.ts";
