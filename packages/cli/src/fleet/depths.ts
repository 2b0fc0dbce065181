import type { QueueKind } from "@brigade/core";

/** Ready messages by queue. */
export type Depths = Readonly<Record<QueueKind, number>>;

/** `the queue brigade.photos.files is gone`; of several, the first and how many more. */
export function describeMissing([first = "", ...others]: readonly string[]): string {
  return others.length === 0
    ? `the queue ${first} is gone`
    : `the queue ${first} and ${others.length} more are gone`;
}

/** `files 3, retry 1`; nothing when all are empty. */
export function describeDepths(depths: Partial<Depths>): string | undefined {
  const found = Object.entries(depths).filter(([, depth]) => depth > 0);
  return found.length === 0 ? undefined : found.map(([queue, depth]) => `${queue} ${depth}`).join(", ");
}
