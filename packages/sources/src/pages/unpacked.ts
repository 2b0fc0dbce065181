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
 * Returns the uncompressed bytes, piece by piece. `packing`: the value of Content-Encoding, in
 * lower case. Throws SourceError `bad-listing` if they are cut, `forbidden` for an unknown
 * compression.
 */
export function unpacked(
  bytes: AsyncIterable<Uint8Array>,
  packing: string | undefined,
): AsyncIterable<Uint8Array> {
  if (packing === undefined) return bytes;
  if (!isKnown(packing))
    throw new SourceError("forbidden", `it comes compressed (${packing}), in a way that brigade cannot read`);
  return unpack(bytes, packing);
}

async function* unpack(
  bytes: AsyncIterable<Uint8Array>,
  way: keyof typeof ways,
): AsyncGenerator<Uint8Array, void, void> {
  const packed = Readable.from(bytes, { objectMode: false });
  const stream = ways[way]();
  packed.on("error", (error) => stream.destroy(error));
  try {
    yield* packed.pipe(stream);
  } catch (error) {
    const isOfBytes = error instanceof SourceError || (error instanceof Error && error.name === "AbortError");
    throw isOfBytes ? error : unreadable(way, error);
  } finally {
    packed.destroy();
  }
}

function unreadable(way: string, cause: unknown): SourceError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SourceError("bad-listing", `it cannot be unpacked (${way}: ${why})`, { cause });
}

function isKnown(name: string): name is keyof typeof ways {
  return Object.hasOwn(ways, name);
}
