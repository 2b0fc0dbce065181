import { Worker } from "node:worker_threads";
import { type Delay, decodeMessage, HostError, type Message, MessageError } from "@brigade/core";

/** Lost deliveries of a message, from which on a thread of its own decodes it first. */
const careFrom = 3;
/** Threads that died of a message, after which it counts as deadly. */
const deadlyFrom = 3;
/** Milliseconds until a message comes again for which no thread could be started. */
export const untilThread: Delay = 10_000;
/** What a thread has for one message. */
interface Limits {
  /** MiB. */
  readonly memory: number;
  /** Milliseconds in which this process was at work. */
  readonly time: number;
}
const usual: Limits = { memory: 96, time: 10_000 };
/** Looks at the clock while a thread decodes: each adds at most a fiftieth of its time. */
const looks = 100;

/**
 * Throws MessageError; HostError where no thread could be started, which says nothing about the message. `losses`: deliveries of the
 * message that were lost with their process, whoever ended that: they bring a message here, and count no further.
 */
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
  const ended = Promise.withResolvers<string | undefined>();
  const thread = started(body, memory);
  let hasBegun = false;
  let looking: NodeJS.Timeout | undefined;
  // From there on only: a machine that is slow to start a thread says nothing about the message.
  thread.once("online", () => {
    looking = afterWork(time, () => ended.resolve(`it took longer than ${time} ms`));
  });
  thread.on("message", (word) => {
    if (word === "lived") ended.resolve(undefined);
    else hasBegun = true;
  });
  thread.once("error", (error) => {
    if (hasBegun || isOutOfMemory(error))
      ended.resolve(String(error instanceof Error ? error.message : error));
    else ended.reject(notStarted(error));
  });
  thread.once("exit", () => {
    if (hasBegun) ended.resolve("it ended without a word");
    else ended.reject(notStarted(new Error("it ended without a word")));
  });
  try {
    return await ended.promise;
  } finally {
    clearInterval(looking);
    await thread.terminate();
  }
}

/** Throws HostError. */
function started(body: string | Buffer, memory: number): Worker {
  try {
    return new Worker(new URL("./decode-thread.ts", import.meta.url), {
      workerData: body,
      resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 16 },
    });
  } catch (error) {
    throw notStarted(error);
  }
}

/** No room for a thread, no file to be opened for it, a program that is being replaced: all this comes from outside. */
function notStarted(cause: unknown): HostError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new HostError("limits", `no thread could be started to decode a message alone: ${said}`, { cause });
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

/**
 * Calls back when this process has been at work for so long. While it is stopped, sleeps with its machine, or gets no processor, its threads
 * stand still as well: between two looks no more counts than twice what should lie between them.
 */
function afterWork(ms: number, over: () => void): NodeJS.Timeout {
  const every = Math.max(1, ms / looks);
  let worked = 0;
  let lookedAt = performance.now();
  return setInterval(() => {
    const now = performance.now();
    worked += Math.min(now - lookedAt, 2 * every);
    lookedAt = now;
    if (worked >= ms) over();
  }, every);
}
