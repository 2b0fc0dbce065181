/** Some rows of a list, and where the next part begins; `next` is absent at the end. */
export interface Part<Row, Next> {
  readonly rows: readonly Row[];
  readonly next?: Next;
}

/** Rows per part, about: others wait for their records while a part is looked for. */
export const partLength = 500;

/** A part whose last row says where the next part begins. `found`: at most `partLength` rows. */
export function partOf<Found, Row, Next>(
  found: readonly Found[],
  row: (found: Found) => Row,
  next: (last: Found) => Next,
): Part<Row, Next> {
  const last = found.at(-1);
  const isFull = found.length === partLength;
  return { rows: found.map(row), ...(last !== undefined && isFull && { next: next(last) }) };
}

/** Row by row, fetched part by part. */
export async function* rowsOf<Row, Next>(
  fetch: (after?: Next) => Promise<Part<Row, Next>>,
): AsyncIterable<Row> {
  let part = await fetch();
  yield* part.rows;
  while (part.next !== undefined) {
    part = await fetch(part.next);
    yield* part.rows;
  }
}
