import { setTimeout as sleep } from "node:timers/promises";
import type { Message, QueueKind, QueueName } from "@brigade/core";
import { untilAborted } from "../connecting/until-aborted.ts";
import { type Parcel, parcelInto, parcelsOf } from "../messages/parcel.ts";
import { NotAccepted, type Sender } from "../publishing/sender.ts";
import { exchangeName, markOfDivision } from "../topology/exchanges.ts";
import { allQueueNames, declareTopology, queueNames, removeTopology } from "../topology/queues.ts";
import { AdminConnection, type BrokerAdminOptions } from "./admin-connection.ts";
import {
  dropDeadLetters,
  listDeadLetters,
  type RabbitDeadLetter,
  replayDeadLetters,
} from "./dead-letters.ts";

/**
 * Times, one second apart, that a refused message is sent: another node may have to become leader
 * of its queue first.
 */
const tries = 20;

/**
 * What `start`, `cancel` and `dead-letters` ask of the broker, over one connection. Everything
 * rejects with FatalError or HostError if that breaks.
 */
export interface BrokerAdmin extends AsyncDisposable {
  /**
   * Makes the missing exchanges and queues of a source. New quorum queues may lose what they get in
   * their first second: wait `warmUpMs` after "made" before publishing. A source of the version
   * before is left as it is while something is in its queues.
   */
  declare(source: string): Promise<"made" | "there">;
  /** Resolves with the ready messages of every queue; `undefined` if the source has no queues. */
  depths(source: string): Promise<Record<QueueKind, number> | undefined>;
  /**
   * Resolves when the broker accepts messages of the source. While it has an alarm, that is logged
   * and waited for.
   */
  acceptsMessages(source: string, signal?: AbortSignal): Promise<void>;
  /** Resolves when all are confirmed. */
  publish(messages: readonly Message[]): Promise<void>;
  /**
   * Empties directories, files, retry, wait and records, but not dead. Resolves with the number of
   * messages.
   */
  purge(source: string): Promise<number>;
  /** Removes all exchanges and queues of a source. For tests and for operators who are done. */
  remove(source: string): Promise<void>;
  /** Oldest first, `limit` at most (default 1000); leaves them where they are. */
  deadLetters(source: string, limit?: number): Promise<RabbitDeadLetter[]>;
  /**
   * Sends dead letters back to work: those of `ids`, or all that are there now. `skipped`: those
   * that cannot be decoded stay.
   */
  replay(source: string, ids?: readonly string[]): Promise<{ replayed: number; skipped: number }>;
  /** Drops the dead letters of `ids`, or all that are there now. Resolves with their number. */
  drop(source: string, ids?: readonly string[]): Promise<number>;
  /** Puts text into a queue as it is, decodable or not; for tests. */
  inject(queue: QueueName, body: string): Promise<void>;
}

/**
 * Does not wait for a broker that is away. Rejects with HostError (away) or FatalError (refused),
 * each with one line for people.
 */
export async function connectBrokerAdmin(options: BrokerAdminOptions): Promise<BrokerAdmin> {
  return new AmqpAdmin(await AdminConnection.open(options));
}

class AmqpAdmin implements BrokerAdmin {
  readonly #connection: AdminConnection;

  constructor(connection: AdminConnection) {
    this.#connection = connection;
  }

  async declare(source: string): Promise<"made" | "there"> {
    const isDivided = await this.#connection.hasExchange(markOfDivision(source));
    const { dead: _dead, ...work } = (await this.depths(source)) ?? {};
    if (!isDivided && Object.values(work).some((depth) => depth > 0)) return "there";
    const before = await this.#counts(allQueueNames(source));
    await this.#connection.onChannel((channel) => declareTopology(channel, source, isDivided));
    return before.includes(undefined) ? "made" : "there";
  }

  async depths(source: string): Promise<Record<QueueKind, number> | undefined> {
    const counts = await this.#counts(allQueueNames(source));
    if (counts.every((count) => count === undefined)) return undefined;
    const byName = new Map(allQueueNames(source).map((name, index) => [name, counts[index] ?? 0]));
    const depth = (kind: QueueKind) =>
      queueNames(source, kind).reduce((sum, name) => sum + (byName.get(name) ?? 0), 0);
    return {
      directories: depth("directories"),
      files: depth("files"),
      retry: depth("retry"),
      wait: depth("wait"),
      records: depth("records"),
      dead: depth("dead"),
    };
  }

  async acceptsMessages(source: string, signal?: AbortSignal): Promise<void> {
    const exchange = exchangeName(source, "work");
    await this.#connection.sending((sender) => untilAborted(sender.ask(exchange), signal));
  }

  async publish(messages: readonly Message[]): Promise<void> {
    await this.#connection.sending(async (sender) => {
      await Promise.all(
        messages.flatMap((message) => parcelsOf(message)).map((parcel) => sendPatiently(sender, parcel)),
      );
    });
  }

  async purge(source: string): Promise<number> {
    // The wait queues first: their messages could move on to a queue that is empty already.
    const kinds = ["wait", "directories", "files", "retry", "records"] as const;
    let purged = 0;
    for (const name of kinds.flatMap((kind) => queueNames(source, kind))) {
      if ((await this.#connection.messageCount(name)) === undefined) continue;
      const { messageCount } = await this.#connection.onChannel((channel) => channel.purgeQueue(name));
      purged += messageCount;
    }
    return purged;
  }

  remove(source: string): Promise<void> {
    return this.#connection.onChannel((channel) => removeTopology(channel, source));
  }

  deadLetters(source: string, limit = 1_000): Promise<RabbitDeadLetter[]> {
    return listDeadLetters(this.#connection, source, limit);
  }

  replay(source: string, ids?: readonly string[]): Promise<{ replayed: number; skipped: number }> {
    return replayDeadLetters(this.#connection, source, selection(ids));
  }

  drop(source: string, ids?: readonly string[]): Promise<number> {
    return dropDeadLetters(this.#connection, source, selection(ids));
  }

  async inject(queue: QueueName, body: string): Promise<void> {
    const parcel = parcelInto(queue, Buffer.from(body));
    await this.#connection.sending((sender) => sender.send(parcel));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #counts(names: readonly string[]): Promise<(number | undefined)[]> {
    return Promise.all(names.map((name) => this.#connection.messageCount(name)));
  }
}

async function sendPatiently(sender: Sender, parcel: Parcel): Promise<void> {
  for (let tried = 1; ; tried++) {
    try {
      return await sender.send(parcel);
    } catch (error) {
      if (!(error instanceof NotAccepted) || error.noRoute || tried >= tries) throw error;
      await sleep(1_000);
    }
  }
}

function selection(ids: readonly string[] | undefined): (id: string) => boolean {
  if (ids === undefined) return () => true;
  const wanted = new Set(ids);
  return (id) => wanted.has(id);
}
