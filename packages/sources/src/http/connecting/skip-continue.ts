import type { Socket } from "node:net";
import type { buildConnector } from "undici";

/** The beginning of its head. */
const beginning = /^HTTP\/1\.[01] 100[ \r]/;
const shortest = "HTTP/1.1 100 ".length;
const endOfHead = "\r\n\r\n";
/** Bytes. A longer head is passed on to undici as it is. */
const longest = 8 * 1024;

/**
 * Connections on which an unrequested `100 Continue` is skipped: undici would end the connection at
 * one.
 */
export function skippingContinue(connect: buildConnector.connector): buildConnector.connector {
  return (where, done) =>
    connect(where, (...[error, socket]) => {
      if (error !== null) return done(error, null);
      skipContinue(socket);
      done(null, socket);
    });
}

/**
 * undici waits for an answer before it sends the next request: the first bytes after a request
 * begin an answer.
 */
function skipContinue(socket: Socket): void {
  const write = socket.write.bind(socket);
  const read = socket.read.bind(socket);
  let begins = true;
  let held: Buffer | undefined;
  // undici's writes have no other arguments: to pass on an unknown number of them costs an array
  // each.
  socket.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    begins = true;
    return write(chunk, encoding as BufferEncoding, done as () => void);
  };
  socket.read = (size) => {
    for (;;) {
      const chunk = read(size);
      if (chunk === null || !begins) return chunk;
      if (held === undefined && isOther(chunk)) {
        begins = false;
        return chunk;
      }
      const all = held === undefined ? chunk : Buffer.concat([held, chunk]);
      const rest = afterContinue(all);
      held = rest === "incomplete" ? all : undefined;
      if (rest === "incomplete" || rest.length === 0) continue;
      begins = false;
      return rest;
    }
  };
}

const statusAt = "HTTP/1.1 ".length;
const one = 0x31;

/**
 * Returns whether the first bytes show that this is the head of another answer: nearly always true.
 */
function isOther(bytes: Buffer): boolean {
  return bytes.length > statusAt && bytes[statusAt] !== one;
}

/** Returns the bytes after all heads with `100 Continue`. */
function afterContinue(bytes: Buffer): Buffer | "incomplete" {
  // For nearly every answer only these few bytes are read.
  const text = bytes.toString("latin1", 0, shortest);
  if (text.length < shortest)
    return "HTTP/1.1 100 ".startsWith(text.replace("HTTP/1.0", "HTTP/1.1")) ? "incomplete" : bytes;
  if (!beginning.test(text)) return bytes;
  const end = bytes.subarray(0, longest).indexOf(endOfHead);
  if (end === -1) return bytes.length < longest ? "incomplete" : bytes;
  return afterContinue(bytes.subarray(end + endOfHead.length));
}
