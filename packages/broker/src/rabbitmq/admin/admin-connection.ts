import { FatalError, HostError, type Log } from "@brigade/core";
import type { Channel, ChannelModel } from "amqplib";
import { type Address, addressesOf } from "../connecting/address.ts";
import { describeAlarm } from "../connecting/alarm.ts";
import { closeConnection, part } from "../connecting/farewell.ts";
import { openConnection } from "../connecting/link.ts";
import { Probe } from "../connecting/probe.ts";
import { codeOf, notFound, reasonOf, refusalOf } from "../connecting/refusal.ts";
import { untilAborted } from "../connecting/until-aborted.ts";
import { confirmWithin, NotAccepted, Sender } from "../publishing/sender.ts";

/** AMQP reply code: it exists, with other arguments than ours. */
const preconditionFailed = 406;

export interface BrokerAdminOptions {
  readonly url: string;
  readonly ca?: string | undefined;
  readonly connectionName: string;
  readonly log: Log;
}

/**
 * One connection, to the first address that accepts it. What goes wrong is a FatalError (refused) or
 * a HostError (away).
 */
export class AdminConnection implements AsyncDisposable {
  readonly #address: Address;
  readonly #model: ChannelModel;
  readonly #probe: Probe;

  private constructor(address: Address, model: ChannelModel) {
    this.#address = address;
    this.#model = model;
    // The promise of each question rejects with what went wrong.
    this.#probe = new Probe(model, { lost: new AbortController().signal, lose: () => {} });
  }

  static async open(options: BrokerAdminOptions): Promise<AdminConnection> {
    const [first, ...others] = addressesOf(options.url);
    let connection = AdminConnection.#openAt(first, options);
    for (const address of others)
      connection = connection.catch(() => AdminConnection.#openAt(address, options));
    return await connection;
  }

  static async #openAt(
    address: Address,
    { ca, connectionName, log }: BrokerAdminOptions,
  ): Promise<AdminConnection> {
    try {
      const model = await openConnection(address, { ca, connectionName });
      // What is under way rejects with it.
      model.on("error", (error) => log.debug({ err: error }, "the connection to the broker failed"));
      model.on("blocked", (reason) => log.warn({ reason }, `waiting: ${describeAlarm(reason)}`));
      model.on("unblocked", () => log.info({}, "the broker accepts messages again"));
      return new AdminConnection(address, model);
    } catch (error) {
      throw explained(error, address);
    }
  }

  /** Runs on a channel of its own, because every refusal ends the channel. */
  async onChannel<T>(steps: (channel: Channel) => Promise<T>): Promise<T> {
    try {
      const channel = await this.#model.createChannel();
      channel.on("error", () => {});
      const result = await steps(channel);
      await channel.close();
      return result;
    } catch (error) {
      throw explained(error, this.#address);
    }
  }

  /** As `onChannel`, with publisher confirms. */
  async sending<T>(steps: (sender: Sender) => Promise<T>): Promise<T> {
    const ending = new AbortController();
    const lose = (reason: unknown) => ending.abort(reason);
    try {
      const sender = await Sender.open(
        this.#model,
        { lost: ending.signal, lose },
        { user: this.#address.user, confirmWithin },
      );
      const result = await untilAborted(steps(sender), ending.signal);
      await part(sender.close());
      return result;
    } catch (error) {
      // Why the channel was closed says more than the error of what was under way on it.
      throw explained(ending.signal.aborted ? ending.signal.reason : error, this.#address);
    }
  }

  /** Resolves with the number of ready messages; `undefined` if there is no such queue. */
  messageCount(queue: string): Promise<number | undefined> {
    return this.#ask((probe) => probe.messageCount(queue));
  }

  hasExchange(exchange: string): Promise<boolean> {
    return this.#ask((probe) => probe.hasExchange(exchange));
  }

  async #ask<T>(question: (probe: Probe) => Promise<T>): Promise<T> {
    try {
      return await question(this.#probe);
    } catch (error) {
      throw explained(error, this.#address);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeConnection(this.#model);
  }
}

function explained(error: unknown, address: Address): unknown {
  if (error instanceof FatalError || error instanceof HostError) return error;
  const refusal = refusalOf(error, address);
  if (refusal) return refusal;
  const text = `the broker at ${address.host}: ${reasonOf(error)}`;
  const code = codeOf(error);
  const isUnroutable = error instanceof NotAccepted && error.noRoute;
  if (isUnroutable || code === notFound || code === preconditionFailed)
    return new FatalError(text, { cause: error });
  return new HostError("io", text, { cause: error });
}
