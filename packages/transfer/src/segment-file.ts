import type { Part } from "@brigade/core";

/** Where segments are put together: the part of a large object, or the part file of `get`. */
export type SegmentFile = Pick<Part, "finished" | "write" | "sync">;
