import type { Message } from "@brigade/core";
import { queueOf } from "../route.ts";
import type { Entry } from "./protocol.ts";

/** A message as it is stored. `due`: Unix milliseconds; absent: at once. */
export function entryOf(message: Message, due?: number): Entry {
  const place = {
    source: message.job.source,
    queue: queueOf(message, due !== undefined),
    body: JSON.stringify(message),
  };
  return due === undefined ? place : { ...place, due };
}
