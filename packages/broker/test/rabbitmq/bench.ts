import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Broker, QueueName } from "@brigade/core";
import { RecordingLog } from "../../../../test/logs.ts";
import { type BrokerAdmin, connectBrokerAdmin } from "../../src/rabbitmq/admin/admin.ts";
import { connectRabbitBroker } from "../../src/rabbitmq/broker.ts";
import type { RabbitBroker, RabbitBrokerOptions } from "../../src/rabbitmq/rabbit-broker.ts";
import type { BrokerBench } from "../conformance.ts";
import { Relay } from "./relay.ts";

/** Sources of its own on a broker that others may use too. */
export class RabbitBench implements BrokerBench {
  readonly source = `test-${randomUUID()}`;
  readonly errors: unknown[] = [];
  readonly log = new RecordingLog();
  readonly admin: BrokerAdmin;
  readonly #url: string;
  readonly #opened = new AsyncDisposableStack();
  readonly #relays = new Map<Broker, Relay>();
  readonly #otherSources: string[] = [];

  private constructor(url: string, admin: BrokerAdmin) {
    this.#url = url;
    this.admin = admin;
  }

  /** Nothing is declared. */
  static async bare(url: string): Promise<RabbitBench> {
    return new RabbitBench(url, await openAdmin(url));
  }

  static async create(url: string): Promise<RabbitBench> {
    const bench = await RabbitBench.bare(url);
    await bench.admin.declare(bench.source);
    return bench;
  }

  /** Through a relay of its own. */
  async broker(options: Partial<RabbitBrokerOptions> = {}): Promise<RabbitBroker> {
    const relay = this.#opened.use(await Relay.open(options.url ?? this.#url));
    const broker = await this.connect({ ...options, url: relay.url });
    this.#relays.set(broker, relay);
    return broker;
  }

  async connect(options: Partial<RabbitBrokerOptions> = {}): Promise<RabbitBroker> {
    const onError = (error: unknown) => this.errors.push(error);
    const { log } = this;
    return this.#opened.use(
      await connectRabbitBroker({ url: this.#url, connectionName: "test", log, onError, ...options }),
    );
  }

  /** To be opened before the broker. */
  async relay(): Promise<Relay> {
    return this.#opened.use(await Relay.open(this.#url));
  }

  async crash(broker: RabbitBroker): Promise<void> {
    this.#relays.get(broker)?.cut();
    while (broker.state !== "connecting") await sleep(1);
    await broker[Symbol.asyncDispose]();
  }

  async pass(ms: number): Promise<void> {
    await sleep(ms);
  }

  async otherSource(): Promise<string> {
    const source = `other-${randomUUID()}`;
    this.#otherSources.push(source);
    await this.admin.declare(source);
    return source;
  }

  async inject(queue: QueueName, text: string): Promise<void> {
    await this.admin.inject(queue, text);
  }

  deadLetters(source: string) {
    return this.admin.deadLetters(source);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.disposeAsync();
    await this.admin[Symbol.asyncDispose]();
    // The test may have broken the connection.
    await using admin = await openAdmin(this.#url);
    for (const source of [this.source, ...this.#otherSources]) await admin.remove(source);
  }
}

function openAdmin(url: string): Promise<BrokerAdmin> {
  return connectBrokerAdmin({ url, connectionName: "test admin", log: new RecordingLog() });
}
