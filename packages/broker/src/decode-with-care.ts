import { Worker } from "node:worker_threads";
import { decodeMessage, HostError, type Message, MessageError } from "@brigade/core";

/** A message whose delivery was lost this often is decoded by a thread of its own first. */
const careFrom = 3;
/** After this many threads that died of a message, it counts as deadly. */
const deadlyFrom = 3;
/** What a thread may use for one message. */
interface Limits {
  /** MiB. */
  readonly memory: number;
  /** Milliseconds in which this process was at work. */
  readonly time: number;
}
const usual: Limits = { memory: 96, time: 10_000 };
/**
 * Looks at the clock per message that a thread decodes: each adds at most a fiftieth of its time.
 */
const looks = 100;

/**
 * Throws MessageError; HostError if no thread could be started, which says nothing about the
 * message. `losses`: deliveries of the message that were lost with their process, for whatever
 * reason. From `careFrom` on a thread decodes it first; the number has no other effect.
 */
export function decodeWithCare(
  body: string | Buffer,
  losses: number,
  limits: Limits = usual,
): Message | Promise<Message> {
  return losses < careFrom ? decodeMessage(body) : decodeAlone(body, limits);
}

/** Decodes it here only after a thread with little memory has survived that. */
async function decodeAlone(body: string | Buffer, limits: Limits): Promise<Message> {
  let reason = "";
  for (let died = 0; died < deadlyFrom; died++) {
    const death = await deathOver(body, limits);
    if (death === undefined) return decodeMessage(body);
    reason = death;
  }
  throw new MessageError(`${deadlyFrom} threads died while they decoded it alone: ${reason}`);
}

/**
 * Resolves with why a thread died while it decoded the message; `undefined` if it survived,
 * decodable or not.
 */
async function deathOver(body: string | Buffer, { memory, time }: Limits): Promise<string | undefined> {
  const ended = Promise.withResolvers<string | undefined>();
  const thread = started(body, memory);
  let hasBegun = false;
  let looking: NodeJS.Timeout | undefined;
  // The time to start is not counted: a slow machine says nothing about the message.
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
      name: "decode",
      workerData: body,
      resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: 16 },
    });
  } catch (error) {
    throw notStarted(error);
  }
}

/**
 * No room for a thread, no file to be opened for it, a program that is being replaced: none of this
 * is the message's fault.
 */
function notStarted(cause: unknown): HostError {
  const said = cause instanceof Error ? cause.message : String(cause);
  return new HostError("limits", `no thread could be started to decode a message alone: ${said}`, { cause });
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
}

/**
 * Calls back when this process has worked for `ms` milliseconds. While the process is stopped,
 * asleep with its machine, or without a processor, its threads stand still as well. So the time
 * between two looks counts as at most twice what it should be.
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
