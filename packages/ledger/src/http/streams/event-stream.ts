import type { LiveStatus } from "../../status/status.ts";
import type { Status } from "../../wire/status.ts";

/** Milliseconds between two events: at least, and at most. */
const leastMs = 1_000;
const mostMs = 5_000;

/**
 * Server-Sent Events: the status now, then after each change. They end when the reader leaves or
 * may read no more, or when the status ends.
 */
export function eventStream(status: LiveStatus, mayRead: () => boolean): Response {
  return new Response(ReadableStream.from(events(status, mayRead)), {
    headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
  });
}

async function* events(status: LiveStatus, mayRead: () => boolean): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  let sent = { content: "", at: 0 };
  do {
    const current = status.current();
    const content = JSON.stringify({ ...current, at: 0 } satisfies Status);
    if (content === sent.content && current.at - sent.at < mostMs) continue;
    sent = { content, at: current.at };
    yield encoder.encode(`event: status\ndata: ${JSON.stringify(current)}\n\n`);
  } while ((await status.passed(leastMs)) && mayRead());
}
