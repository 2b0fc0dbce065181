import type { FilesMessage } from "@brigade/core";
import { listedIn, messageFor } from "./listed.ts";

/** The same work in so many messages, or in one per object where there are fewer. */
export function splitFiles(message: FilesMessage, shares: number): FilesMessage[] {
  const objects = listedIn(message);
  const size = Math.ceil(objects.length / shares);
  return Array.from({ length: Math.ceil(objects.length / size) }, (_, n) =>
    messageFor(message, objects.slice(n * size, (n + 1) * size), message.attempt),
  );
}

export function countFiles(message: FilesMessage): number {
  return message.slices.reduce((sum, { files }) => sum + files.length, 0);
}
