import { createHash } from "node:crypto";

/** An object's bytes, made or held. Chunks must not be written to: they are shared. */
export interface Body {
  readonly size: number;
  /** The bytes `from` up to, not including, `to`. */
  chunks(from: number, to: number): Iterable<Uint8Array>;
}

export function heldBody(bytes: Uint8Array): Body {
  return { size: bytes.length, chunks: (from, to) => (from < to ? [bytes.subarray(from, to)] : []) };
}

export function bytesOf(body: Body): Buffer {
  return Buffer.concat([...body.chunks(0, body.size)], body.size);
}

/** 32 lower-case hex digits. */
export function md5Of(body: Body): string {
  const hash = createHash("md5");
  for (const chunk of body.chunks(0, body.size)) hash.update(chunk);
  return hash.digest("hex");
}
