import { setTimeout as sleep } from "node:timers/promises";
import type { Message, QueueKind, QueueName } from "@brigade/core";
import { untilAborted } from "../connecting/until-aborted.ts";
import { type Parcel, parcelInto, parcelsOf } from "../messages/parcel.ts";
import { NotTaken, type Sender } from "../publishing/sender.ts";
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
 * Times, a second apart, that a message is sent which the broker refuses: another node may have to
 * lead its queue first.
 */
const tries = 20;

/**
 * For `start`, `cancel`, `dead-letters`: one connection. Everything rejects with a FatalError or
 * HostError when it breaks.
 */
export interface BrokerAdmin extends AsyncDisposable {
  /**
   * Makes the exchanges and queues of a source where missing. Quorum queues may forget what they
   * get in their first second: wait `settleMs` after "made" before publishing. Of a source of the
   * version before nothing is changed while something is in its queues.
   */
  declare(source: string): Promise<"made" | "there">;
  /** Ready messages of every queue; undefined when the source has no queues. */
  depths(source: string): Promise<Record<QueueKind, number> | undefined>;
  /**
   * Resolves when the broker takes messages of the source. An alarm is waited for; a warning in the
   * log says so.
   */
  takesMessages(source: string, signal?: AbortSignal): Promise<void>;
  /** Resolves when all are confirmed. */
  publish(messages: readonly Message[]): Promise<void>;
  /** Empties directories, files, retry, wait, records (not dead); how many messages went. */
  purge(source: string): Promise<number>;
  /** Removes all exchanges and queues of a source. For tests and for operators who are done. */
  remove(source: string): Promise<void>;
  /** Oldest first, `limit` at most (default 1000); leaves them where they are. */
  deadLetters(source: string, limit?: number): Promise<RabbitDeadLetter[]>;
  /**
   * `ids`: those only; absent: all that are there now. Those that cannot be decoded stay:
   * `skipped`.
   */
  replay(source: string, ids?: readonly string[]): Promise<{ replayed: number; skipped: number }>;
  /** `ids` as above. How many went. */
  drop(source: string, ids?: readonly string[]): Promise<number>;
  /** Puts text into a queue as it is, decodable or not; for tests. */
  inject(queue: QueueName, body: string): Promise<void>;
}

/**
 * Does not wait for a broker that is away: rejects with HostError (away) or FatalError (refused),
 * one clear line each.
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

  async takesMessages(source: string, signal?: AbortSignal): Promise<void> {
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
    // Waiting ones first, or they might hop behind.
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
      if (!(error instanceof NotTaken) || error.noRoute || tried >= tries) throw error;
      await sleep(1_000);
    }
  }
}

function selection(ids: readonly string[] | undefined): (id: string) => boolean {
  if (ids === undefined) return () => true;
  const wanted = new Set(ids);
  return (id) => wanted.has(id);
}
