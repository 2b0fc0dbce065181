/**
 * The part of the kernel's FUSE protocol (include/uapi/linux/fuse.h, 7.31) that one file without a
 * folder needs.
 */

/** Requests by number. */
export const opcode = {
  forget: 2,
  getattr: 3,
  open: 14,
  read: 15,
  write: 16,
  release: 18,
  fsync: 20,
  flush: 25,
  init: 26,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
} as const;

/** Bytes: of a request's head, of a reply's head, of the head with the arguments of `write`. */
const requestHead = 40;
const replyHead = 16;
export const writeHead = 80;
/** Bytes that one write brings at most. */
export const largestWrite = 1024 * 1024;

/** What a request asks; offset and size are those of `read` and `write`. */
export interface Request {
  readonly opcode: number;
  readonly length: number;
  readonly unique: bigint;
}

export function readRequest(bytes: Buffer, at = 0): Request {
  return {
    length: bytes.readUInt32LE(at),
    opcode: bytes.readUInt32LE(at + 4),
    unique: bytes.readBigUInt64LE(at + 8),
  };
}

/** Where a `read` or a `write` begins and how long it is, bytes. */
export function readExtent(bytes: Buffer, at = 0): { offset: number; size: number } {
  return {
    offset: Number(bytes.readBigUInt64LE(at + requestHead + 8)),
    size: bytes.readUInt32LE(at + requestHead + 16),
  };
}

/** `error`: a positive errno, 0 for none. */
export function formatReply(unique: bigint, body: Uint8Array, error = 0): Buffer {
  const reply = Buffer.alloc(replyHead + body.length);
  reply.writeUInt32LE(reply.length, 0);
  reply.writeInt32LE(-error, 4);
  reply.writeBigUInt64LE(unique, 8);
  reply.set(body, replyHead);
  return reply;
}

export function initReply(): Buffer {
  const [asyncRead, bigWrites, maxPages] = [1 << 0, 1 << 5, 1 << 22];
  const body = Buffer.alloc(64);
  body.writeUInt32LE(7, 0);
  body.writeUInt32LE(31, 4);
  body.writeUInt32LE(largestWrite, 8);
  body.writeUInt32LE(asyncRead | bigWrites | maxPages, 12);
  body.writeUInt16LE(64, 16);
  body.writeUInt16LE(48, 18);
  body.writeUInt32LE(largestWrite, 20);
  body.writeUInt32LE(1, 24);
  body.writeUInt16LE(largestWrite / 4096, 28);
  return body;
}

/** A regular file of root's with this number of bytes. */
export function attributesReply(size: number): Buffer {
  const body = Buffer.alloc(104);
  const attributes = 16;
  body.writeBigUInt64LE(3_600n, 0); // seconds that the kernel may cache them
  body.writeBigUInt64LE(1n, attributes);
  body.writeBigUInt64LE(BigInt(size), attributes + 8);
  body.writeBigUInt64LE(BigInt(size / 512), attributes + 16);
  body.writeUInt32LE(0o100600, attributes + 60);
  body.writeUInt32LE(1, attributes + 64);
  body.writeUInt32LE(4096, attributes + 80);
  return body;
}

/**
 * Bypasses the page cache: a write arrives here before it is answered, and none waits in the kernel
 * when a sync comes.
 */
export function openReply(): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(1, 8);
  return body;
}

export function writeReply(size: number): Buffer {
  const body = Buffer.alloc(8);
  body.writeUInt32LE(size, 0);
  return body;
}
