import { Readable } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { textOf } from "@brigade/core";

/** A line of a text file. */
export interface NumberedLine {
  /** From 1. */
  readonly number: number;
  /** `undefined` for a line that is too long for a list: more than 64 KiB. */
  readonly text: string | undefined;
}

const longest = 64 * 1024;
const newline = 10;

/**
 * Returns the lines of a file, plain or compressed with gzip or zstd, which its first bytes show.
 * The lines of a chunk come together.
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<NumberedLine[], void, void> {
  let rest = Buffer.alloc(0);
  let tooLong = false;
  let number = 0;
  for await (const chunk of unpacked(bytes)) {
    const block = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: NumberedLine[] = [];
    let from = 0;
    for (let to = block.indexOf(newline); to !== -1; to = block.indexOf(newline, from)) {
      const isShort = !tooLong && to - from <= longest;
      lines.push({ number: ++number, text: isShort ? textOf(block.subarray(from, to)) : undefined });
      tooLong = false;
      from = to + 1;
    }
    rest = Buffer.from(block.subarray(from));
    if (rest.length > longest) {
      tooLong = true;
      rest = Buffer.alloc(0);
    }
    if (lines.length > 0) yield lines;
  }
  if (tooLong || rest.length > 0) yield [{ number: ++number, text: tooLong ? undefined : textOf(rest) }];
}

async function* unpacked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, void, void> {
  const source = counted(bytes);
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const { done, value } = await source.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const all = Readable.from(prepended(head, source), { objectMode: false });
  const isGzip = head[0] === 0x1f && head[1] === 0x8b;
  const isZstd = head.length >= 4 && head.readUInt32LE() === 0xfd2fb528;
  if (!isGzip && !isZstd) return yield* all;
  const packed = isGzip ? createGunzip() : createZstdDecompress();
  packed.on("error", () => {}); // also if reading has stopped
  all.on("error", (error) => packed.destroy(error));
  yield* all.pipe(packed);
  // Node's decoder ends with the first frame: a file from pzstd would be cut without an error.
  if (isZstd && ((await source.next()).done !== true || packed.bytesWritten < source.bytes))
    throw new Error("it has more than one zstd frame: pack it as one (zstd, not pzstd), or with gzip");
}

/** Counts the bytes. */
function counted(bytes: AsyncIterable<Uint8Array>): AsyncIterator<Uint8Array> & { readonly bytes: number } {
  const source = bytes[Symbol.asyncIterator]();
  let read = 0;
  return {
    get bytes() {
      return read;
    },
    async next() {
      const next = await source.next();
      if (next.done !== true) read += next.value.byteLength;
      return next;
    },
    async return() {
      return (await source.return?.()) ?? { done: true, value: undefined };
    },
  };
}

async function* prepended(
  head: Buffer,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  try {
    if (head.length > 0) yield head;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
