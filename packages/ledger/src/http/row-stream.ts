import type { Log } from "@brigade/core";

/** After the last row: without it a list has broken off, and nobody may take what came for all there is. */
export const endOfRows = JSON.stringify({ end: true });

/** Characters that are sent at a time, about: a packet for each row would take ten times as long. */
const chunkLength = 64 * 1024;

/** Rows as JSON, one a line. What fails before the first row is thrown; what fails later breaks the response off. */
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
