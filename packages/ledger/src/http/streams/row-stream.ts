import type { Log } from "@brigade/core";

/** Stands after the last row. A list without it has broken off: what came is not all there is. */
export const endOfRows = JSON.stringify({ end: true });

/** Characters that are sent at a time, about. A packet per row would take ten times as long. */
const chunkLength = 64 * 1024;

/**
 * Rows as JSON, one per line. An error before the first row is thrown; a later one breaks the
 * response off.
 */
export async function rowStream(rows: AsyncIterable<unknown>, log: Log): Promise<Response> {
  const iterator = rows[Symbol.asyncIterator]();
  const first = await iterator.next();
  return new Response(ReadableStream.from(chunks(first, iterator, log)), {
    headers: { "content-type": "application/x-ndjson" },
  });
}

async function* chunks(
  first: IteratorResult<unknown>,
  iterator: AsyncIterator<unknown>,
  log: Log,
): AsyncIterable<Uint8Array> {
  const encoder = new TextEncoder();
  let lines = "";
  try {
    for (let row = first; row.done !== true; row = await iterator.next()) {
      lines += `${JSON.stringify(row.value)}\n`;
      if (lines.length < chunkLength) continue;
      yield encoder.encode(lines);
      lines = "";
    }
    yield encoder.encode(`${lines}${endOfRows}\n`);
  } catch (error) {
    log.error({ err: error }, "a list broke off");
    throw error;
  } finally {
    await iterator.return?.();
  }
}
