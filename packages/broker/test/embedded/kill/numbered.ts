import type { Message } from "@brigade/core";
import { numberOf } from "../../sample-messages.ts";

/** A message's number travels as its file's name, its step as its attempt. */
export function pairOf(message: Message): { number: number; step: number } {
  if (message.type !== "files") throw new Error(`a ${message.type} message among the files`);
  return { number: Number(message.slices[0]?.files[0]?.name), step: numberOf(message) };
}

/** Times that a message is retried before it is acked. */
export function stepsOf(number: number): number {
  return number % 10 === 1 ? 1 : 0;
}
