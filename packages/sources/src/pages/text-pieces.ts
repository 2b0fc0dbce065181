import { textOf } from "@brigade/core";
import { overLimit, pageLimits } from "./limits.ts";

/** Milliseconds, of a clock that never steps. */
type Clock = () => number;

/**
 * Bytes that are read at once. A server may send single bytes, and each piece costs as much as all
 * unfinished text.
 */
const readAtOnce = 64 * 1024;

/**
 * Returns a page's text in pieces, as they come. They are cut behind ASCII only, so that bytes
 * which are no UTF-8 become the same text with any division into chunks. Throws SourceError if the
 * page is too long or too slow.
 */
export async function* textPieces(
  bytes: AsyncIterable<Uint8Array>,
  now: Clock = () => performance.now(),
): AsyncGenerator<string, void, void> {
  let rest = Buffer.alloc(0);
  for await (const chunk of largeChunks(bytes, now)) {
    const whole = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = afterAscii(whole);
    rest = Buffer.from(whole.subarray(end));
    if (rest.length > pageLimits.entryLength)
      throw overLimit(`an entry of more than ${pageLimits.entryLength / 1024} KiB`);
    if (end > 0) yield textOf(whole.subarray(0, end));
  }
  if (rest.length > 0) yield textOf(rest);
}

async function* largeChunks(
  bytes: AsyncIterable<Uint8Array>,
  now: Clock,
): AsyncGenerator<Uint8Array, void, void> {
  const until = now() + pageLimits.arrival;
  let size = 0;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for await (const chunk of bytes) {
    size += chunk.byteLength;
    if (size > pageLimits.bytes) throw overLimit(`more than ${pageLimits.bytes / 1024 / 1024} MiB`);
    if (now() > until) throw overLimit(`not come within ${pageLimits.arrival / 60_000} minutes`);
    waiting.push(chunk);
    waitingBytes += chunk.byteLength;
    if (waitingBytes < readAtOnce) continue;
    yield Buffer.concat(waiting);
    waiting = [];
    waitingBytes = 0;
  }
  if (waitingBytes > 0) yield Buffer.concat(waiting);
}

/** Where the last ASCII character ends. */
function afterAscii(bytes: Uint8Array): number {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] ?? 0) >= 0x80) end--;
  return end;
}
