/** Some rows of a list, and where the next chunk begins; `next` is absent at the end. */
export interface Chunk<Row, Next> {
  readonly rows: readonly Row[];
  readonly next?: Next;
}

/** Rows per chunk, about: others wait for their records while a chunk is looked for. */
export const chunkLength = 500;

/** A chunk whose last row says where the next chunk begins. `found`: at most `partLength` rows. */
export function chunkOf<Found, Row, Next>(
  found: readonly Found[],
  row: (found: Found) => Row,
  next: (last: Found) => Next,
): Chunk<Row, Next> {
  const last = found.at(-1);
  const isFull = found.length === chunkLength;
  return { rows: found.map(row), ...(last !== undefined && isFull && { next: next(last) }) };
}

/** Row by row, fetched chunk by chunk. */
export async function* rowsOf<Row, Next>(
  fetch: (after?: Next) => Promise<Chunk<Row, Next>>,
): AsyncIterable<Row> {
  let chunk = await fetch();
  yield* chunk.rows;
  while (chunk.next !== undefined) {
    chunk = await fetch(chunk.next);
    yield* chunk.rows;
  }
}
