import type { Message, QueueKind, ResultMessage } from "@brigade/core";

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

/**
 * Whether a record is of those that downloaders may make, too: what became of objects. All other
 * records come from listers.
 */
export function mayBeOfDownloader(record: Message): record is ResultMessage {
  return record.type === "result";
}

/** Throws for `wait` and `dead`: these cannot be consumed. */
export function workQueueOf(queue: QueueKind): WorkQueue {
  if (queue === "wait" || queue === "dead") throw new TypeError(`the queue "${queue}" cannot be consumed`);
  return queue;
}
