import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Broker, Delivery, QueueKind, QueueName, Verdict } from "@brigade/core";

/** What a test needs of an implementation: fresh, empty queues, and power over time and death. */
export interface BrokerBench extends AsyncDisposable {
  /** A source of which no queue holds anything. */
  readonly source: string;
  /** What `onError` was called with, by any of the brokers. */
  readonly errors: readonly unknown[];
  /** Opens a broker on the queues. The tests dispose or crash one before they open the next. */
  broker(): Promise<Broker>;
  /** The broker's process dies, or at least its connection; nothing that it still does counts. */
  crash(broker: Broker): Promise<void>;
  /** Lets delays pass, milliseconds: sets a clock forward, or waits. */
  pass(ms: number): Promise<void>;
  /** Opens one more source of which no queue holds anything; resolves with its name. */
  otherSource(): Promise<string>;
  /** Puts text into a queue that is no message. */
  inject(queue: QueueName, text: string): Promise<void>;
  deadLetters(source: string): Promise<readonly { readonly body: string; readonly reason: string }[]>;
}

export type Conformance = (
  title: string,
  body: (bench: BrokerBench, context: TestContext) => Promise<void>,
) => void;

/** A test with a bench of its own; what hangs, fails. */
export function benchTest<Bench extends AsyncDisposable>(
  title: string,
  open: () => Promise<Bench>,
  body: (bench: Bench, context: TestContext) => Promise<void>,
): void {
  test(title, { timeout: 60_000 }, async (context) => {
    await using bench = await open();
    const { signal } = context;
    // A body that hangs would keep the bench open, and the process alive.
    const { promise: timedOut, reject } = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => reject(signal.reason));
    await Promise.race([body(bench, context), timedOut]);
  });
}

/** Titles begin with the implementation's name. */
export function conformance(name: string, open: () => Promise<BrokerBench>): Conformance {
  return (title, body) => benchTest(`${name}: ${title}`, open, body);
}

/** A delivery that waits for the test to give its verdict. */
export interface InHand {
  readonly delivery: Delivery;
  settle(verdict: Verdict): void;
  fail(error: unknown): void;
}

/** A handler under the test's control. */
export class Hand {
  readonly inHand: InHand[] = [];
  /** All that ever came. */
  readonly deliveries: Delivery[] = [];
  readonly #waiting: ((inHand: InHand) => void)[] = [];

  readonly handle = (delivery: Delivery): Promise<Verdict> => {
    const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
    const inHand = { delivery, settle: resolve, fail: reject };
    this.deliveries.push(delivery);
    const waiting = this.#waiting.shift();
    if (waiting) waiting(inHand);
    else this.inHand.push(inHand);
    return promise;
  };

  /** The next delivery, already here or still to come. */
  async next(): Promise<InHand> {
    return this.inHand.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
  }

  async take(count: number): Promise<InHand[]> {
    const taken: InHand[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }
}

export const ack: Verdict = { kind: "ack" };
export const release: Verdict = { kind: "release" };

export function queueOf(bench: BrokerBench, queue: QueueKind): QueueName {
  return { source: bench.source, queue };
}

/** Asks again and again until it is so, or the test times out. */
export async function becomes(
  isSo: () => boolean | Promise<boolean>,
  { signal }: TestContext,
): Promise<void> {
  while (!(await isSo())) await sleep(5, undefined, { signal });
}

/** A depth may lag behind what was confirmed. */
export async function depthBecomes(
  broker: Broker,
  queue: QueueName,
  expected: number,
  context: TestContext,
): Promise<void> {
  await becomes(async () => (await broker.depth(queue)) === expected, context);
}

/** Nothing is ready in any queue that can be consumed, nor delayed. */
export async function nothingIsLeft(broker: Broker, bench: BrokerBench, context: TestContext): Promise<void> {
  for (const queue of ["directories", "files", "retry", "records", "wait"] as const)
    await depthBecomes(broker, queueOf(bench, queue), 0, context);
}

export function abortError(error: unknown): boolean {
  assert.ok(error instanceof Error);
  return error.name === "AbortError";
}
