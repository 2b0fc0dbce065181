import type { Message, QueueKind } from "@brigade/core";

/** The queues that can be consumed. */
export type WorkQueue = Exclude<QueueKind, "wait" | "dead">;

/**
 * Returns the queue of a message: by its type, and for files also by whether they come back after a
 * delay.
 */
export function queueOf(message: Message, delayed: boolean): WorkQueue {
  switch (message.type) {
    case "directory":
      return "directories";
    case "files":
      return delayed ? "retry" : "files";
    case "page":
    case "page-part":
    case "result":
      return "records";
  }
}

/** Throws for `wait` and `dead`: these cannot be consumed. */
export function workQueueOf(queue: QueueKind): WorkQueue {
  if (queue === "wait" || queue === "dead") throw new TypeError(`the queue "${queue}" cannot be consumed`);
  return queue;
}
