import {
  type Delayer,
  delay,
  type Log,
  type ObjectBody,
  pausesOfTransfers,
  triedInVain,
  tryAgain,
} from "@brigade/core";
import { RateLimit } from "./rate-limit.ts";
import { Slabs } from "./slabs.ts";
import { TransferMeter } from "./transfer-meter.ts";
import { type SegmentFile, WriteBehind } from "./write-behind.ts";

export interface WholeParts {
  /** All bytes from the first on. Throws SourceError. */
  open(signal: AbortSignal): Promise<ObjectBody>;
  readonly file: Pick<SegmentFile, "write">;
  readonly log: Log;
  readonly meter?: TransferMeter | undefined;
  readonly delay?: Delayer | undefined;
  readonly now?: (() => number) | undefined;
}

export interface WholeOptions {
  /** Times that it is begun again when it breaks. */
  readonly retries: number;
  /** Bytes a second. */
  readonly rate?: number | undefined;
}

/**
 * Brings a body that cannot be had in pieces, over one connection; a broken one begins again. Gives
 * its bytes.
 */
export async function fetchWhole(
  parts: WholeParts,
  options: WholeOptions,
  signal: AbortSignal,
): Promise<number> {
  const policy = {
    retries: options.retries,
    pauses: pausesOfTransfers,
    onRetry: ({ message }: Error) => parts.log.info({ reason: message }, "begins again"),
    usedUp: triedInVain,
    delay: parts.delay,
  };
  return await tryAgain(() => receive(parts, options, signal), policy, signal);
}

async function receive(parts: WholeParts, { rate }: WholeOptions, signal: AbortSignal): Promise<number> {
  const { file, meter = new TransferMeter(), delay: wait = delay, now = () => performance.now() } = parts;
  const limit = rate === undefined ? undefined : new RateLimit(rate, now);
  const body = await parts.open(signal);
  const view = { from: 0, at: 0, to: body.size ?? 0, state: "receiving" as const };
  meter.connections = [view];
  const slabs = new Slabs(1).lend();
  const writer = new WriteBehind(file, 0, slabs);
  try {
    for await (const chunk of body.chunks(slabs.next)) {
      view.at += chunk.byteLength;
      meter.received += chunk.byteLength;
      const full = writer.add(chunk);
      if (full !== undefined) await full;
      const pause = limit?.spend(chunk.byteLength) ?? 0;
      if (pause > 0) await wait(pause, signal);
    }
  } finally {
    // Otherwise a late write could land in the next try.
    await writer.flush();
  }
  return view.at;
}
