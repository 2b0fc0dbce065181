import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./answer.ts";
import { errorReply } from "./reply.ts";
import type { Service } from "./service.ts";

/** Refuses a range if the greatest number of ranges of its object is being sent. */
export function rangesAtOnce({ options, counters }: Service) {
  const open = new Map<string, number>();
  return (answer: Answer, request: IncomingMessage, response: ServerResponse): Answer => {
    if (answer.reply.status !== 206) return answer;
    const { ranges: most = Number.POSITIVE_INFINITY } = options;
    const { url = "" } = request;
    const others = open.get(url) ?? 0;
    if (typeof most === "number" && others >= most) {
      counters.crowded++;
      return { ...answer, reply: errorReply(42900002, answer.speaker) };
    }
    counters.ranges++;
    open.set(url, others + 1);
    response.once("close", () => open.set(url, (open.get(url) ?? 1) - 1));
    return answer;
  };
}
