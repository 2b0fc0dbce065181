import type { QueueKind } from "@brigade/core";

/** Ready messages by queue. */
export type Depths = Readonly<Record<QueueKind, number>>;

/** `files 3, retry 1`; nothing when all are empty. */
export function describeDepths(depths: Partial<Depths>): string | undefined {
  const found = Object.entries(depths).filter(([, depth]) => depth > 0);
  return found.length === 0 ? undefined : found.map(([queue, depth]) => `${queue} ${depth}`).join(", ");
}
