import { Readable } from "node:stream";
import zlib from "node:zlib";
import { SourceError } from "@brigade/core";

/** Compressions in which an index page may come, although we ask for none, with their decoders. */
const ways = {
  gzip: () => zlib.createGunzip(),
  "x-gzip": () => zlib.createGunzip(),
  deflate: () => zlib.createInflate(),
  br: () => zlib.createBrotliDecompress(),
  zstd: () => zlib.createZstdDecompress(),
};

/**
 * Returns the uncompressed bytes, piece by piece. `coding`: the value of Content-Encoding, in lower
 * case. Throws SourceError `bad-listing` if they are cut, `forbidden` for an unknown compression.
 */
export function decompressed(
  bytes: AsyncIterable<Uint8Array>,
  coding: string | undefined,
): AsyncIterable<Uint8Array> {
  if (coding === undefined) return bytes;
  if (!isKnown(coding))
    throw new SourceError("forbidden", `it comes compressed (${coding}), in a way that brigade cannot read`);
  return decompress(bytes, coding);
}

async function* decompress(
  bytes: AsyncIterable<Uint8Array>,
  way: keyof typeof ways,
): AsyncGenerator<Uint8Array, void, void> {
  const compressed = Readable.from(bytes, { objectMode: false });
  const stream = ways[way]();
  compressed.on("error", (error) => stream.destroy(error));
  try {
    yield* compressed.pipe(stream);
  } catch (error) {
    const isOfBytes = error instanceof SourceError || (error instanceof Error && error.name === "AbortError");
    throw isOfBytes ? error : unreadable(way, error);
  } finally {
    compressed.destroy();
  }
}

function unreadable(way: string, cause: unknown): SourceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SourceError("bad-listing", `it cannot be decompressed (${way}: ${why})`, { cause });
}

function isKnown(name: string): name is keyof typeof ways {
  return Object.hasOwn(ways, name);
}
