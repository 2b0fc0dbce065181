import type { IncomingMessage, ServerResponse } from "node:http";
import { bytesOf, heldBody } from "../bodies/body.ts";
import { errorReply, pump, type Reply, replyWith, send } from "../reply.ts";
import type { FaultRule } from "./rules.ts";

const errorPage =
  "<!DOCTYPE html><html><head><title>503</title></head><body><h1>Service Unavailable</h1></body></html>";

/** Returns the wrong reply if the fault is one of content, else the right one. */
export function spoiledReply(
  reply: Reply,
  { kind, retryAfterSeconds }: FaultRule,
  speaker: "rest" | "domain",
  isListing: boolean,
): Reply {
  const headers = retryAfterSeconds === undefined ? [] : ["Retry-After", String(retryAfterSeconds)];
  switch (kind) {
    case "400":
      return errorReply(40001000, speaker, headers);
    case "403":
      return errorReply(40300028, speaker, headers);
    case "500":
      return errorReply(50000000, speaker, headers);
    case "502":
      return { ...replyWith(502, ["Content-Type", "text/html"], errorPage) };
    case "503":
      return errorReply(isListing ? 50300044 : 50300028, speaker, headers);
    case "429":
      return errorReply(42900001, speaker, headers);
    case "banned":
      return errorReply(42900004, speaker, headers);
    case "missing":
      return errorReply(40400001, speaker);
    case "bad-cursor":
      return errorReply(40001005, speaker);
    case "html":
      return replyWith(200, ["Content-Type", "text/html"], errorPage);
    case "wrong-bytes":
      return { ...reply, body: heldBody(oneByteWrong(bytesOf(reply.body), reply)) };
    default:
      return reply;
  }
}

function oneByteWrong(bytes: Buffer, { from, to }: Reply): Buffer {
  const middle = Math.floor((from + to) / 2);
  const wrong = Buffer.from(bytes);
  if (middle < wrong.length) wrong[middle] = (wrong[middle] ?? 0) ^ 0xff;
  return wrong;
}

/** Sends a reply in a broken way. */
export function sendBroken(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
  { kind, overMs = 10_000, isReleased = () => false }: FaultRule,
  date: string,
): void {
  const { status, headers, body, from, to } = reply;
  const half = from + Math.ceil((to - from) / 2);
  // An object of one byte is cut before its byte.
  const cut = half === to ? from : half;
  const begin = (framing: readonly string[]) =>
    response.writeHead(status, ["Date", date, ...framing, ...headers]);
  const firstHalf = () => body.chunks(from, cut)[Symbol.iterator]();
  switch (kind) {
    case "reset":
      request.socket.resetAndDestroy();
      return;
    case "stalled-headers":
      return;
    case "slow-body":
      send(response, reply, date, () => (isReleased() ? to - from : ((to - from) * 1000) / overMs));
      return;
    case "stalled-body":
      begin(["Content-Length", String(to - from)]).flushHeaders();
      pump(response, firstHalf(), () => undefined);
      return;
    case "truncated":
      begin(["Content-Length", String(to - from)]).flushHeaders();
      pump(response, firstHalf(), () => request.socket.destroySoon());
      return;
    case "truncated-chunked":
      begin(["Transfer-Encoding", "chunked"]).flushHeaders();
      pump(response, firstHalf(), () => request.socket.destroySoon());
      return;
    case "unframed":
      response.useChunkedEncodingByDefault = false;
      begin([]).flushHeaders();
      pump(response, firstHalf(), () => response.end());
      return;
    case "endless":
      response.useChunkedEncodingByDefault = false;
      begin([]).flushHeaders();
      pump(response, repeated(reply), () => undefined);
      return;
    default:
      send(response, reply, date);
  }
}

function* repeated({ body }: Reply): Generator<Uint8Array> {
  const filler = Buffer.alloc(16_384, "endless ");
  yield* body.chunks(0, body.size);
  for (;;) yield filler;
}
