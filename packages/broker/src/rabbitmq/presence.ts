import { type Presence, presenceSchema } from "@brigade/core";
import { reasonOf } from "./refusal.ts";

/** Every vhost has it: nothing needs to be made. What nobody listens to, it drops. */
export const presenceExchange = "amq.topic";
export const presenceKey = "brigade.presence";

/** For a queue of one listener; deploy/broker/start.sh allows just these names. */
export function presenceQueue(uuid: string): string {
  return `brigade.presence.${uuid}`;
}

/** Throws an Error that tells in words what is wrong. */
export function decodePresence(text: string): Presence {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${reasonOf(error)}`, { cause: error });
  }
  return presenceSchema.parse(value);
}
