import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "./codes.ts";
import { errorReply, type Reply } from "./reply.ts";

interface Dialect {
  readonly malformed: ErrorCode;
  readonly several: ErrorCode;
  readonly beyond: ErrorCode;
}

const dialects: Readonly<Record<"rest" | "domain", Dialect>> = {
  rest: { malformed: 40001161, several: 40001161, beyond: 41600001 },
  domain: { malformed: 41610003, several: 41610002, beyond: 41610003 },
};

/** Cuts a 200 reply to what the Range header asks for: 206, or an error. */
export function ranged(reply: Reply, request: IncomingMessage, speaker: "rest" | "domain"): Reply {
  const { range } = request.headers;
  if (range === undefined || request.method !== "GET" || reply.status !== 200) return reply;
  const dialect = dialects[speaker];
  const { size } = reply.body;
  // Node joins repeated Range headers or drops them: only the raw headers show all.
  if (request.headersDistinct.range?.length !== 1) {
    return errorReply(speaker === "rest" ? dialect.malformed : 41610001, speaker);
  }
  if (range.includes(",")) return errorReply(dialect.several, speaker);
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === "" && last === "") return errorReply(dialect.malformed, speaker);
  const from = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  if (first !== "" && last !== "" && Number(last) < from) return errorReply(dialect.malformed, speaker);
  if (from >= size || to <= from) {
    return errorReply(dialect.beyond, speaker, ["Content-Range", `bytes */${size}`]);
  }
  const headers = [...reply.headers, "Content-Range", `bytes ${from}-${to - 1}/${size}`];
  return { ...reply, status: 206, headers, from, to };
}
