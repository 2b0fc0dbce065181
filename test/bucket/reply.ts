import type { ServerResponse } from "node:http";
import { type Body, heldBody } from "./bodies/body.ts";
import { type ErrorCode, errorBody, statusOf } from "./codes.ts";

/** An answer before it is sent, so that a fault can still change it. */
export interface Reply {
  readonly status: number;
  /** Name, value, name, value; without Content-Length and Date. */
  readonly headers: readonly string[];
  readonly body: Body;
  /** The part of the body that is sent: `from` up to, not including, `to`. */
  readonly from: number;
  readonly to: number;
}

/** Up to this many bytes are sent in one write, at any pace of the reader. */
const burst = 1 << 20;

export function replyWith(
  status: number,
  headers: readonly string[],
  content: string | Uint8Array = "",
): Reply {
  const body = heldBody(typeof content === "string" ? Buffer.from(content) : content);
  return { status, headers, body, from: 0, to: body.size };
}

export function errorReply(
  code: ErrorCode,
  writer: "rest" | "domain",
  headers: readonly string[] = [],
): Reply {
  return replyWith(statusOf(code), ["Content-Type", "application/json", ...headers], errorBody(code, writer));
}

/** Bytes per second of what was sent since its beginning. */
export type Pace = () => number;

/** Sends a reply as it should be; without a pace, as fast as it is read. */
export function send(response: ServerResponse, reply: Reply, date: string, pace?: Pace): void {
  const { status, headers, body, from, to } = reply;
  const length = to - from;
  response.writeHead(status, ["Date", date, "Content-Length", String(length), ...headers]);
  if (response.req.method === "HEAD" || length === 0) {
    response.end();
  } else if (pace !== undefined) {
    trickle(response, reply, pace);
  } else if (length <= burst) {
    response.cork();
    for (const chunk of body.chunks(from, to)) response.write(chunk);
    response.end();
    response.uncork();
  } else {
    pump(response, body.chunks(from, to)[Symbol.iterator](), () => response.end());
  }
}

/** Writes chunks at a limited pace, then ends, so that few bytes are under way at any moment. */
function trickle(response: ServerResponse, { body, from, to }: Reply, pace: Pace): void {
  const began = performance.now();
  let at = from;
  const more = () => {
    if (response.destroyed) return;
    const due = Math.min(to, from + Math.ceil(((performance.now() - began) / 1000) * pace()));
    // A slower reader must not get the rest at once later.
    if (due > at && !response.writableNeedDrain) {
      const end = Math.min(due, at + burst);
      for (const chunk of body.chunks(at, end)) response.write(chunk);
      at = end;
    }
    if (at < to) setTimeout(more, 5);
    else response.end();
  };
  more();
}

/** Writes chunks at the reader's pace, then calls `done`. */
export function pump(response: ServerResponse, chunks: Iterator<Uint8Array>, done: () => void): void {
  while (!response.destroyed) {
    const next = chunks.next();
    if (next.done) {
      done();
      return;
    }
    if (!response.write(next.value)) {
      response.once("drain", () => pump(response, chunks, done));
      return;
    }
  }
}
