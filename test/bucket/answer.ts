import type { IncomingMessage, ServerResponse } from "node:http";
import type { FaultRule } from "./faults/rules.ts";
import { sendBroken, spoiledReply } from "./faults/spoil.ts";
import { type Reply, send } from "./reply.ts";
import type { Service } from "./service.ts";

/** The right reply to a request, and its fault. */
export interface Answer {
  readonly reply: Reply;
  readonly speaker: "rest" | "domain";
  readonly isListing?: boolean;
  readonly fault?: FaultRule | undefined;
}

export function sendAnswer(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
  { reply, speaker, isListing = false, fault }: Answer,
): void {
  if (!fault) {
    const { pace } = service.options;
    send(response, reply, service.date(), pace === undefined ? undefined : () => pace);
    return;
  }
  const { faults } = service.counters;
  faults[fault.kind] = (faults[fault.kind] ?? 0) + 1;
  sendBroken(request, response, spoiledReply(reply, fault, speaker, isListing), fault, service.date());
}
