import { setTimeout as sleep } from "node:timers/promises";
import { type BrokerAdmin, warmUpMs } from "@brigade/broker";

export interface MakeQueuesParts {
  readonly admin: BrokerAdmin;
  /** Called with the reason, for people, why this is slow. */
  readonly tell: (text: string) => void;
  readonly signal: AbortSignal;
  /** Milliseconds to wait for new queues; by default what the broker package says. */
  readonly warmUpMs?: number;
}

/**
 * Makes the queues of a source that are missing, and waits until they accept messages. Returns
 * whether any were missing.
 */
export async function makeQueues(name: string, parts: MakeQueuesParts): Promise<boolean> {
  const { admin, tell, signal } = parts;
  const isNew = (await admin.declare(name)) === "made";
  if (isNew) {
    const ms = parts.warmUpMs ?? warmUpMs;
    tell(`the queues of "${name}" are new: waiting ${ms / 1000} s until they can be trusted with messages`);
    await sleep(ms, undefined, { signal });
  }
  await admin.acceptsMessages(name, signal);
  return isNew;
}
