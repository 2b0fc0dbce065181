import { setTimeout as sleep } from "node:timers/promises";
import { HostError } from "@brigade/core";
import { describeMissing } from "../../job/queue-depths.ts";
import type { Service } from "../service.ts";

/**
 * Milliseconds between looks while messages are published, and until publishing that waits is given
 * up.
 */
const lookEvery = 1_000;
const patience = 10_000;

/**
 * Returns what `publish` returns. Throws HostError if the broker accepts no messages, has no queues
 * of the source, or what is published has waited for 10 s: a question over HTTP is always answered.
 */
export async function publishingNow<T>(
  { broker, signal }: Pick<Service, "broker" | "signal">,
  source: string,
  publish: () => Promise<T>,
): Promise<T> {
  const { trouble } = broker;
  if (trouble !== undefined) throw new HostError("io", `${trouble}: try again later`);
  const missing = await broker.missingQueues(source);
  if (missing.length > 0) {
    const remedy = `\`brigade start ${source} --again\` goes on, \`brigade cancel ${source}\` ends the job`;
    throw new HostError(
      "io",
      `the broker has lost messages of "${source}": ${describeMissing(missing)}; ${remedy}`,
    );
  }
  const over = new AbortController();
  const watching = giveUpWhenWaiting(() => broker.waits(source), AbortSignal.any([over.signal, signal]));
  try {
    return await Promise.race([publish(), watching]);
  } finally {
    over.abort();
  }
}

/** Rejects after 10 s with a reason to wait. Never resolves. */
async function giveUpWhenWaiting(waits: () => string | undefined, signal: AbortSignal): Promise<never> {
  let waiting = 0;
  for (;;) {
    try {
      await sleep(lookEvery, undefined, { signal });
    } catch {
      return await new Promise<never>(() => {}); // publishing has ended
    }
    const reason = waits();
    waiting = reason === undefined ? 0 : waiting + lookEvery;
    if (waiting >= patience)
      throw new HostError("io", `publishing waits: ${reason}; what waits is published when it goes on`);
  }
}
