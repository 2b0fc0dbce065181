import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Broker, QueueName } from "@brigade/core";
import { silentLog } from "../../../../test/logs.ts";
import { TestClock } from "../../../../test/test-clock.ts";
import { type EmbeddedBrokerOptions, SqliteBroker } from "../../src/embedded/broker.ts";
import { benchTest } from "../conformance/bench.ts";
import type { BrokerBench } from "../conformance.ts";

/** A folder of its own, one broker at a time, a clock that stands still. */
export class EmbeddedBench implements BrokerBench {
  readonly source = "photos";
  readonly errors: unknown[] = [];
  readonly clock = new TestClock();
  readonly path: string;
  readonly #folder: string;
  #open: SqliteBroker | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, "state", "queues.db");
  }

  static async create(): Promise<EmbeddedBench> {
    return new EmbeddedBench(await mkdtemp(join(tmpdir(), "brigade-broker-")));
  }

  async broker(options: Partial<EmbeddedBrokerOptions> = {}): Promise<SqliteBroker> {
    const { now, delay } = this.clock;
    const onError = (error: unknown) => this.errors.push(error);
    this.#open = await SqliteBroker.open({
      path: this.path,
      log: silentLog,
      onError,
      now,
      date: now,
      delay,
      ...options,
    });
    return this.#open;
  }

  async crash(broker: Broker): Promise<void> {
    assert.equal(broker, this.#open);
    await this.#open?.abandon();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
  }

  async otherSource(): Promise<string> {
    return "docs";
  }

  async inject(queue: QueueName, text: string): Promise<void> {
    await this.#open?.inject(queue, text);
  }

  async deadLetters(source: string) {
    return (await this.#open?.deadLetters(source)) ?? [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open?.[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true });
  }
}

export function embeddedTest(
  title: string,
  body: (bench: EmbeddedBench, context: TestContext) => Promise<void>,
): void {
  benchTest(title, EmbeddedBench.create, body);
}
