import type { Broker, QueueKind } from "@brigade/core";
import type { Queues } from "@brigade/ledger";

const kinds: readonly QueueKind[] = ["directories", "files", "retry", "wait", "records", "dead"];

/** Returns how many messages are ready in each queue of a source. */
export async function depthsOf(broker: Pick<Broker, "depth">, source: string): Promise<Queues> {
  const [directories = 0, files = 0, retry = 0, wait = 0, records = 0, dead = 0] = await Promise.all(
    kinds.map((queue) => broker.depth({ source, queue })),
  );
  return { directories, files, retry, wait, records, dead };
}

/** Returns `files 3, retry 1`; `undefined` if all queues are empty. */
export function describeDepths(depths: Partial<Queues>): string | undefined {
  const found = Object.entries(depths).filter(([, depth]) => depth > 0);
  return found.length === 0 ? undefined : found.map(([queue, depth]) => `${queue} ${depth}`).join(", ");
}

/** Returns `the queue brigade.photos.files is gone`; for several, the first and how many more. */
export function describeMissing([first = "", ...others]: readonly string[]): string {
  return others.length === 0
    ? `the queue ${first} is gone`
    : `the queue ${first} and ${others.length} more are gone`;
}
