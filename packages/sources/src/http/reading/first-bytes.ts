/**
 * The chunks, after `check`, which may throw, has seen the first `size` bytes of them, or all that
 * there are.
 */
export async function* checkedFirst(
  chunks: AsyncIterable<Uint8Array>,
  size: number,
  check: (first: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, void> {
  let head: Uint8Array | undefined = new Uint8Array();
  for await (const chunk of chunks) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = head.byteLength === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.byteLength < size) continue;
    check(head);
    yield head;
    head = undefined;
  }
  if (head === undefined) return;
  check(head);
  if (head.byteLength > 0) yield head;
}
