import { fstatSync, openSync, readSync, writeSync } from "node:fs";
import {
  attributesReply,
  formatReply,
  initReply,
  largestWrite,
  opcode,
  openReply,
  readExtent,
  readRequest,
  writeHead,
  writeReply,
} from "./fuse-protocol.ts";

/**
 * A program of its own: serves `image` as a file of the kernel's FUSE, whose channel is descriptor
 * 3, and appends each write and each sync, as the kernel sent it, to `log`. One request at a time,
 * so the log has the order in which they were answered, and the log's length is the moment: every
 * answered request is in it.
 */
const [imagePath = "", logPath = ""] = process.argv.slice(2);
const channel = 3;
const image = openSync(imagePath, "r+");
const log = openSync(logPath, "a");
const { size } = fstatSync(image);
const request = Buffer.alloc(writeHead + largestWrite + 4096);
const noSuchCall = 38;

for (let bytes = receive(); bytes > 0; bytes = receive()) {
  const { opcode: asked, unique } = readRequest(request);
  if (asked === opcode.forget || asked === opcode.batchForget || asked === opcode.interrupt) continue;
  const body = answer(asked, bytes);
  writeSync(channel, formatReply(unique, body ?? new Uint8Array(), body === undefined ? noSuchCall : 0));
}

/** Bytes of the next request; 0 when the file is unmounted. */
function receive(): number {
  for (;;) {
    try {
      return readSync(channel, request);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENODEV") return 0;
      // Not mounted yet, or a request that was taken back.
      if (code === "EPERM") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      else if (code !== "EINTR" && code !== "EAGAIN" && code !== "ENOENT") throw error;
    }
  }
}

/** The reply's body; `undefined`: there is no such call here. */
function answer(asked: number, bytes: number): Uint8Array | undefined {
  switch (asked) {
    case opcode.init:
      return initReply();
    case opcode.getattr:
      return attributesReply(size);
    case opcode.open:
      return openReply();
    case opcode.read: {
      const { offset, size } = readExtent(request);
      const body = Buffer.alloc(size);
      return body.subarray(0, readSync(image, body, 0, size, offset));
    }
    case opcode.write: {
      const { offset, size } = readExtent(request);
      writeSync(image, request, writeHead, size, offset);
      writeSync(log, request, 0, bytes);
      return writeReply(size);
    }
    case opcode.fsync:
      writeSync(log, request, 0, bytes);
      return new Uint8Array();
    case opcode.release:
    case opcode.flush:
    case opcode.destroy:
      return new Uint8Array();
    default:
      return undefined;
  }
}
