import { HostError, type Log, NewerMessageError, type Verdict } from "@brigade/core";
import { untilThread } from "../../decode-with-care.ts";
import type { WorkQueue } from "../../route.ts";
import { reasonOf } from "../connecting/refusal.ts";
import { type NewerAccount, newerDelay } from "./newer-account.ts";

interface Surroundings {
  readonly source: string;
  readonly queue: WorkQueue;
  readonly newer: NewerAccount;
  readonly log: Log;
}

/** What becomes of a message that cannot be decoded: by this program, by this process now, or at all. */
export function undecoded(error: unknown, { source, queue, newer, log }: Surroundings): Verdict {
  if (error instanceof NewerMessageError) {
    newer.saw(source, queue, error.needs);
    return { kind: "postpone", delay: newerDelay };
  }
  const reason = reasonOf(error);
  if (!(error instanceof HostError)) return { kind: "reject", reason };
  log.warn({ source, queue, reason }, "a message cannot be decoded now: it comes again");
  return { kind: "postpone", delay: untilThread };
}
