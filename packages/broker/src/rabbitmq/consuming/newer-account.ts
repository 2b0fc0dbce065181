import type { Log, NewerMessages } from "@brigade/core";
import type { WorkQueue } from "../../route.ts";
import { untilNewer } from "../../undecoded.ts";

/** Messages that are counted per queue, at most. */
const mostCounted = 10_000;

/** Kinds of messages (queue, and what they need) that are counted per source, at most. */
const mostKinds = 100;

interface Seen extends Omit<NewerMessages, "messages"> {
  /** By `performance.now()`, oldest first. */
  readonly times: number[];
}

/**
 * Which messages of each queue need a newer program. Each comes once per `untilNewer`, and counts
 * for that long.
 */
export class NewerAccount {
  readonly #log: Log;
  /** By source, then by queue and what is needed. */
  readonly #seen = new Map<string, Map<string, Seen>>();

  constructor(log: Log) {
    this.#log = log;
  }

  saw(source: string, queue: WorkQueue, needs: string): void {
    const kinds = this.#seen.get(source) ?? new Map<string, Seen>();
    this.#seen.set(source, kinds);
    const kind = `${queue} ${needs}`;
    let seen = kinds.get(kind);
    if (seen === undefined) {
      if (kinds.size >= mostKinds) return;
      seen = { queue, needs, times: [] };
      kinds.set(kind, seen);
      this.#log.warn({ source, queue, needs }, "messages need a newer brigade: they wait for one");
    }
    seen.times.push(performance.now());
    if (seen.times.length > mostCounted) seen.times.shift();
  }

  of(source: string): NewerMessages[] {
    const since = performance.now() - untilNewer;
    return [...(this.#seen.get(source)?.values() ?? [])].flatMap(({ queue, needs, times }) => {
      const messages = times.filter((time) => time > since).length;
      return messages === 0 ? [] : [{ queue, needs, messages }];
    });
  }
}
