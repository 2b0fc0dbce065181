import { setTimeout as sleep } from "node:timers/promises";
import type { BrokerAdmin } from "@brigade/broker";
import type { Message, QueueKind } from "@brigade/core";

const empty = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 0 };

/** The queues of one source, as a command sees them. `calls`: what was asked, in order. */
export function scriptedAdmin({
  queues = {},
  made = false,
  purges = [],
  broken,
}: {
  queues?: Partial<Record<QueueKind, number>>;
  made?: boolean;
  /** What each purge finds; 0 after these. */
  purges?: number[];
  /** What publishing fails with. */
  broken?: Error;
} = {}) {
  const calls: string[] = [];
  const published: Message[] = [];
  const admin: BrokerAdmin = {
    async declare() {
      calls.push("declare");
      return made ? "made" : "there";
    },
    depths: async () => ({ ...empty, ...queues }),
    async acceptsMessages() {
      calls.push("acceptsMessages");
    },
    async publish(messages) {
      calls.push("publish");
      if (broken !== undefined) throw broken;
      published.push(...messages);
    },
    async purge() {
      calls.push("purge");
      return purges.shift() ?? 0;
    },
    remove: unasked,
    deadLetters: unasked,
    replay: unasked,
    drop: unasked,
    inject: unasked,
    async [Symbol.asyncDispose]() {},
  };
  return { admin, calls, published };
}

async function unasked(): Promise<never> {
  throw new Error("no test should ask for this");
}

/** Polls until it is so; throws when that takes too long. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`it never came to this: ${what}`);
    await sleep(2);
  }
}
