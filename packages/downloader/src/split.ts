import { type FilesMessage, inShares } from "@brigade/core";
import { listedIn, messageFor } from "./listed.ts";

/** The same work in so many messages, or in one per object where there are fewer. */
export function splitFiles(message: FilesMessage, shares: number): FilesMessage[] {
  return inShares(listedIn(message), shares).map((some) => messageFor(message, some, message.attempt));
}

export function countFiles(message: FilesMessage): number {
  return message.slices.reduce((sum, { files }) => sum + files.length, 0);
}
