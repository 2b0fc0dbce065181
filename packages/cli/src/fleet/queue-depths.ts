import type { Broker, QueueKind } from "@brigade/core";
import type { Queues } from "@brigade/ledger";

const kinds: readonly QueueKind[] = ["directories", "files", "retry", "wait", "records", "dead"];

/** Ready messages in every queue of a source. */
export async function depthsOf(broker: Pick<Broker, "depth">, source: string): Promise<Queues> {
  const [directories = 0, files = 0, retry = 0, wait = 0, records = 0, dead = 0] = await Promise.all(
    kinds.map((queue) => broker.depth({ source, queue })),
  );
  return { directories, files, retry, wait, records, dead };
}
