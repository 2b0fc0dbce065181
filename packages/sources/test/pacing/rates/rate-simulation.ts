import type { Decision } from "../../../../../test/field/servers/gates.ts";
import { seeded, Timeline } from "../../../../../test/timeline.ts";
import { RequestRate } from "../../../src/pacing/rates/request-rate.ts";

/** When a client comes and, where it does, goes; milliseconds. */
interface Stay {
  readonly from: number;
  readonly until?: number;
}

export interface Simulated {
  readonly gate: (now: number) => Decision;
  readonly retryAfterMs?: number | undefined;
  /** Milliseconds until an answer comes, at least and at most. */
  readonly latency: readonly [number, number];
  readonly clients: readonly Stay[];
  readonly seconds: number;
  readonly seed?: number;
}

export type Second = Record<Decision, number>;

/** Requests of one client at once. */
const places = 32;
/** 403s in a row after which whoever knows of objects calls it a ban. */
const foundOut = 40;

/**
 * Clients that have no end of requests, against one server. Gives what the server did, how often
 * each client saw a ban, and how often one took refusals for those that come at any rate.
 */
export function simulate(setup: Simulated): { seconds: Second[]; bans: number[]; steady: number } {
  const timeline = new Timeline();
  const random = seeded(setup.seed ?? 7);
  const seconds = Array.from({ length: setup.seconds }, () => ({ served: 0, refused: 0, banned: 0 }));
  let steady = 0;
  const ask = (): Decision => {
    const decision = setup.gate(timeline.now());
    const second = seconds[Math.floor(timeline.now() / 1000)];
    if (second !== undefined) second[decision]++;
    return decision;
  };
  const clients = setup.clients.map((stay) => {
    const client = new Client(timeline, random, { ...setup, stay, ask, onSteady: () => steady++ });
    timeline.ring(stay.from, () => client.go());
    return client;
  });
  timeline.runUntil(setup.seconds * 1000);
  return { seconds, bans: clients.map(({ bans }) => bans), steady };
}

interface ClientSetup extends Simulated {
  readonly stay: Stay;
  readonly ask: () => Decision;
  readonly onSteady: () => void;
}

class Client {
  bans = 0;
  readonly #timeline: Timeline;
  readonly #random: () => number;
  readonly #setup: ClientSetup;
  readonly #rate: RequestRate;
  #running = 0;
  #forbidden = 0;
  #alarmAt = Number.POSITIVE_INFINITY;

  constructor(timeline: Timeline, random: () => number, setup: ClientSetup) {
    this.#timeline = timeline;
    this.#random = random;
    this.#setup = setup;
    this.#rate = new RequestRate({ now: timeline.now, random }, setup.onSteady);
  }

  go(): void {
    const { until = Number.POSITIVE_INFINITY } = this.#setup.stay;
    let wait = 0;
    while (wait === 0 && this.#running < places && this.#timeline.now() < until) {
      wait = this.#rate.wait();
      if (wait === 0) this.#send();
      else this.#later(wait);
    }
  }

  #later(wait: number): void {
    const at = this.#timeline.now() + wait;
    if (at >= this.#alarmAt) return;
    this.#alarmAt = at;
    // Timers come late, by a millisecond or two.
    this.#timeline.ring(Math.ceil(wait) + 2 * this.#random(), () => {
      this.#alarmAt = Number.POSITIVE_INFINITY;
      this.go();
    });
  }

  #send(): void {
    const { latency, ask } = this.#setup;
    const sentAt = this.#rate.sent();
    this.#running++;
    const half = (latency[0] + (latency[1] - latency[0]) * this.#random()) / 2;
    this.#timeline.ring(half, () => {
      const decision = ask();
      this.#timeline.ring(half, () => {
        this.#running--;
        this.#learn(decision, sentAt);
        this.go();
      });
    });
  }

  #learn(decision: Decision, sentAt: number): void {
    if (decision !== "banned") this.#forbidden = 0;
    if (decision === "served") this.#rate.served(sentAt);
    else if (decision === "refused") this.#rate.refused(sentAt, this.#setup.retryAfterMs);
    else {
      this.#forbidden++;
      const isBan = this.#rate.isBan(sentAt) || this.#forbidden >= foundOut;
      if (isBan && this.#rate.banned(sentAt) !== undefined) this.bans++;
    }
  }
}
