import { setTimeout as sleep } from "node:timers/promises";
import { type DeadLetter, decodeMessage, type Message, MessageError } from "@brigade/core";
import type { GetMessage } from "amqplib";
import { queueOf } from "../../route.ts";
import { authorOfLetter } from "../messages/author.ts";
import { deathSchema, headerNames } from "../messages/headers.ts";
import { type Parcel, parcelInto } from "../messages/parcel.ts";
import { keys } from "../topology/exchanges.ts";
import { queueName } from "../topology/queues.ts";
import type { AdminConnection } from "./admin-connection.ts";

/**
 * Milliseconds until letters that were looked at are back in their queue, unless another consumer
 * takes them.
 */
const backWithin = 1_000;
const backPoll = 10;
/** Bytes of a letter's body that are shown. */
const mostShown = 256 * 1024;

export interface RabbitDeadLetter extends DeadLetter {
  /** The queue that it came from: "files", … */
  readonly queue: string;
  /** The host that gave it up. */
  readonly host?: string;
}

/** Resolves with the oldest letters, `limit` at most. They stay where they are. */
export async function listDeadLetters(
  connection: AdminConnection,
  source: string,
  limit: number,
): Promise<RabbitDeadLetter[]> {
  const letters: RabbitDeadLetter[] = [];
  await visit(connection, source, limit, async (raw) => {
    letters.push(letterOf(raw));
    return "stays";
  });
  return letters;
}

/** Sends letters back to the queue of their type, as if new. Those that cannot be decoded stay. */
export async function replayDeadLetters(
  connection: AdminConnection,
  source: string,
  isMeant: (id: string) => boolean,
): Promise<{ replayed: number; skipped: number }> {
  let replayed = 0;
  let skipped = 0;
  await connection.sending((sender) =>
    visit(connection, source, Number.POSITIVE_INFINITY, async (raw) => {
      if (!isMeant(idOf(raw))) return "stays";
      const parcel = revived(source, raw);
      if (parcel === undefined) {
        skipped++;
        return "stays";
      }
      await sender.send(parcel);
      replayed++;
      return "goes";
    }),
  );
  return { replayed, skipped };
}

/** Resolves with the number of dropped letters. */
export async function dropDeadLetters(
  connection: AdminConnection,
  source: string,
  isMeant: (id: string) => boolean,
): Promise<number> {
  let dropped = 0;
  await visit(connection, source, Number.POSITIVE_INFINITY, async (raw) => {
    if (!isMeant(idOf(raw))) return "stays";
    dropped++;
    return "goes";
  });
  return dropped;
}

/**
 * Decides on the oldest letters that are there now, `limit` at most. Those that stay are back in
 * their places when this resolves.
 */
async function visit(
  connection: AdminConnection,
  source: string,
  limit: number,
  decide: (raw: GetMessage) => Promise<"goes" | "stays">,
): Promise<void> {
  const queue = queueName(source, "dead");
  const count = Math.min(limit, (await connection.messageCount(queue)) ?? 0);
  let kept = 0;
  await connection.onChannel(async (channel) => {
    for (let read = 0; read < count; read++) {
      const raw = await channel.get(queue);
      if (!raw) break;
      if ((await decide(raw)) === "goes") channel.ack(raw);
      else kept++;
    }
  });
  const until = performance.now() + backWithin;
  while (((await connection.messageCount(queue)) ?? 0) < kept && performance.now() < until)
    await sleep(backPoll);
}

function idOf({ properties }: GetMessage): string {
  return String(properties.messageId ?? "");
}

function letterOf(raw: GetMessage): RabbitDeadLetter {
  const death = deathSchema.parse(raw.properties.headers ?? {});
  const key = death[headerNames.key];
  const host = death[headerNames.host];
  const queue = Object.entries(keys).find(([, one]) => one === key)?.[0];
  return {
    id: idOf(raw),
    body: raw.content.toString("utf8", 0, mostShown),
    reason: death[headerNames.error] ?? "not put here by brigade",
    at: Number(raw.properties.timestamp ?? 0) * 1_000,
    queue: queue ?? "unknown",
    ...(host === undefined ? {} : { host }),
  };
}

/** Returns `undefined` if it cannot be decoded. */
function revived(source: string, raw: GetMessage): Parcel | undefined {
  let message: Message;
  try {
    message = decodeMessage(raw.content);
  } catch (error) {
    if (error instanceof MessageError) return undefined;
    throw error;
  }
  const fresh = "attempt" in message ? { ...message, attempt: 0, suspicion: undefined } : message;
  const content = Buffer.from(JSON.stringify(fresh));
  return {
    ...parcelInto({ source, queue: queueOf(message, true) }, content),
    type: message.type,
    // Who replays a message does not become its author.
    headers: { [headerNames.author]: authorOfLetter(raw) },
  };
}
