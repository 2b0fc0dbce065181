import { setTimeout as sleep } from "node:timers/promises";
import type { BrokerAdmin } from "@brigade/broker";
import type { LedgerClient } from "@brigade/ledger/http";
import { cancelledEveryMs } from "../service/lister/cancelled.ts";

/**
 * Purges in a row that must find no message. They are a second apart, so the listers know by then
 * that the job is cancelled.
 */
const quietPurges = Math.ceil(cancelledEveryMs / 1_000) + 1;
/** Purges in all, at most: what downloaders give back later is not waited for. */
const mostPurges = 30;

export interface Cancelled {
  /** The job that was closed; `undefined` if none was open. */
  readonly job: string | undefined;
  readonly purged: number;
}

export interface CancelParts {
  readonly ledger: LedgerClient;
  readonly admin: BrokerAdmin;
  readonly signal: AbortSignal;
  /** Milliseconds between purges; default 1 s. */
  readonly purgeEveryMs?: number;
}

/**
 * Closes the job, then empties the queues until no new messages come. What downloaders have in hand
 * ends by itself.
 */
export async function cancelJob(
  name: string,
  { ledger, admin, signal, purgeEveryMs = 1_000 }: CancelParts,
): Promise<Cancelled> {
  const open = await ledger.openJobOf(name);
  if (open !== undefined) await ledger.closeJob(open.id, "cancelled");
  let purged = 0;
  if ((await admin.depths(name)) === undefined) return { job: open?.id, purged };
  const enough = open === undefined ? 1 : quietPurges;
  for (let quiet = 0, done = 0; quiet < enough && done < mostPurges; done++) {
    if (done > 0) await sleep(purgeEveryMs, undefined, { signal });
    const found = await admin.purge(name);
    purged += found;
    quiet = found === 0 ? quiet + 1 : 0;
  }
  return { job: open?.id, purged };
}
