import { bodiesOf, type Message } from "@brigade/core";
import { queueOf } from "../route.ts";
import type { Entry } from "./protocol.ts";

/**
 * Returns a message as it is stored: several entries if it is too large for one. `due`: Unix
 * milliseconds; absent: at once.
 */
export function entriesOf(message: Message, due?: number): Entry[] {
  const { source } = message.job;
  const queue = queueOf(message, due !== undefined);
  return bodiesOf(message).map((body) => {
    const entry = { source, queue, body };
    return due === undefined ? entry : { ...entry, due };
  });
}
