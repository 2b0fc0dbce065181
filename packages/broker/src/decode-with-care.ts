import { Worker } from "node:worker_threads";
import { decodeMessage, type Message, MessageError } from "@brigade/core";

/** Lost deliveries of a message, from which on a thread of its own decodes it first. */
const careFrom = 3;
/** Threads that died of a message, after which it counts as deadly. */
const deadlyFrom = 3;
/** What a thread has for one message. */
interface Limits {
  /** MiB. */
  readonly memory: number;
  /** Milliseconds. */
  readonly time: number;
}
const usual: Limits = { memory: 96, time: 10_000 };

/** Throws MessageError. `losses`: deliveries of the message that were lost with their process. */
export function decodeWithCare(
  body: string | Buffer,
  losses: number,
  limits: Limits = usual,
): Message | Promise<Message> {
  return losses < careFrom ? decodeMessage(body) : decodeAlone(body, limits);
}

/** Here only when a thread with little memory has lived through it. */
async function decodeAlone(body: string | Buffer, limits: Limits): Promise<Message> {
  let reason = "";
  for (let died = 0; died < deadlyFrom; died++) {
    const death = await deathOver(body, limits);
    if (death === undefined) return decodeMessage(body);
    reason = death;
  }
  throw new MessageError(`${deadlyFrom} threads died while they decoded it alone: ${reason}`);
}

/** Why a thread died while it decoded the message; nothing when it lived, whatever it thinks of the message. */
async function deathOver(body: string | Buffer, { memory, time }: Limits): Promise<string | undefined> {
  const thread = new Worker(new URL("./decode-thread.ts", import.meta.url), {
    workerData: body,
    resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 16 },
  });
  const ended = Promise.withResolvers<string | undefined>();
  let timer: NodeJS.Timeout | undefined;
  // From there on only: a machine that is slow to start a thread says nothing about the message.
  thread.once("online", () => {
    timer = setTimeout(() => ended.resolve(`it took longer than ${time} ms`), time);
  });
  thread.once("message", () => ended.resolve(undefined));
  thread.once("error", (error) => ended.resolve(error instanceof Error ? error.message : String(error)));
  thread.once("exit", () => ended.resolve("it ended without a word"));
  try {
    return await ended.promise;
  } finally {
    clearTimeout(timer);
    await thread.terminate();
  }
}
