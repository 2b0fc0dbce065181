import {
  type Delay,
  HostError,
  type Log,
  NewerMessageError,
  type QueueName,
  type Verdict,
} from "@brigade/core";

/** Milliseconds until a message comes again if no thread could be started to decode it. */
const untilThread: Delay = 10_000;
/** Milliseconds until a message comes again that only a newer program can read. */
export const untilNewer: Delay = 60_000;

interface Surroundings {
  readonly log: Log;
  /** Called with the reason when only a newer program can read the message. */
  readonly onNewer: (error: NewerMessageError) => void;
}

/**
 * Returns the verdict on a message that this program, this process now, or any process cannot
 * decode. `error`: why.
 */
export function verdictOnUndecoded(
  error: unknown,
  { source, queue }: QueueName,
  { log, onNewer }: Surroundings,
): Verdict {
  if (error instanceof NewerMessageError) {
    onNewer(error);
    return { kind: "postpone", delay: untilNewer };
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (!(error instanceof HostError)) return { kind: "reject", reason };
  log.warn({ source, queue, reason }, "a message cannot be decoded now: it comes again");
  return { kind: "postpone", delay: untilThread };
}
