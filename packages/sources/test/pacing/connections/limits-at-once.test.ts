import assert from "node:assert/strict";
import { test } from "node:test";
import {
  fixedWindow,
  type Gate,
  slidingWindow,
  tokenBucket,
} from "../../../../../test/field/servers/gates.ts";
import { seeded, Timeline } from "../../../../../test/timeline.ts";
import { Pacing } from "../../../src/pacing/pacing.ts";
import type { Turn } from "../../../src/pacing/turns/turn.ts";
import { signal } from "../../scenario.ts";
import { settle } from "../scene.ts";

interface Setup {
  readonly clients?: number;
  /** Milliseconds until what was asked for comes, at least and at most. */
  readonly latency: readonly [number, number];
  /** Requests that are served at once; others are refused within a millisecond. */
  readonly atOnce?: number;
  readonly gate?: Gate;
  readonly seconds: number;
}

interface Second {
  served: number;
  refused: number;
}

/** Clients that have no end of requests for bodies, each with 64 places, against one server. */
async function simulate(setup: Setup): Promise<Second[]> {
  const { clients = 1, latency, atOnce = Number.POSITIVE_INFINITY, gate, seconds } = setup;
  const timeline = new Timeline();
  const random = seeded(11);
  const told = Array.from({ length: seconds }, (): Second => ({ served: 0, refused: 0 }));
  let running = 0;
  function send(turn: Turn): void {
    const now = timeline.now();
    const isServed = running < atOnce && (gate === undefined || gate(now) === "served");
    const second = told[Math.floor(now / 1000)];
    if (second !== undefined) second[isServed ? "served" : "refused"]++;
    if (isServed) running++;
    const [least, most] = isServed ? latency : [0.5, 1];
    timeline.ring(least + (most - least) * random(), () => {
      if (isServed) running--;
      turn.answered(isServed ? 200 : 429);
      if (!isServed) turn.judge("refused");
      turn.ended();
    });
  }
  async function askForEver(pacing: Pacing): Promise<void> {
    const never = signal();
    for (;;) send(await pacing.of("http://a").enter("body", never));
  }
  for (let n = 0; n < clients; n++)
    void askForEver(
      new Pacing(
        { bodies: { most: 64, isSought: false } },
        { now: timeline.now, ring: timeline.ring, random },
      ),
    );
  for (let ms = 0; ms < seconds * 1000; ms++) {
    if (timeline.runUntil(ms) > 0 || ms === 0) await settle();
  }
  return told;
}

/**
 * Of what a server allows each second, which part is used from one second on, and how much is
 * refused.
 */
function assertUsed(seconds: readonly Second[], from: number, perSecond: number): void {
  const some = seconds.slice(from);
  const sum = (of: keyof Second) => some.reduce((total, second) => total + second[of], 0);
  const use = sum("served") / some.length / perSecond;
  const refused = sum("refused") / (sum("served") + sum("refused"));
  assert.ok(use >= 0.85, `${(100 * use).toFixed(1)} % used`);
  assert.ok(refused <= 0.05, `${(100 * refused).toFixed(1)} % refused`);
}

for (const [clients, atOnce] of [
  [1, 2],
  [1, 10],
  [5, 10],
] as const)
  test(`${clients} of its clients make use of a server that refuses more than ${atOnce} requests at once`, async () => {
    const seconds = await simulate({ clients, atOnce, latency: [15, 25], seconds: 30 });
    assertUsed(seconds, 5, 50 * atOnce);
  });

for (const [kind, gate] of [
  ["a token bucket", (perSecond: number) => tokenBucket(perSecond)],
  ["a token bucket of little depth", (perSecond: number) => tokenBucket(perSecond, perSecond / 20)],
  ["a fixed window", fixedWindow],
  ["a sliding window", slidingWindow],
] as const)
  test(`a limit of requests per second does not count as one of requests at once: ${kind}`, async () => {
    for (const clients of [1, 3])
      for (const latency of [
        [1, 3],
        [20, 60],
      ] as const) {
        const seconds = await simulate({ clients, gate: gate(300), latency, seconds: 70 });
        assertUsed(seconds, 30, 300);
      }
  });
