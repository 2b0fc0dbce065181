import { Timeline } from "../../../../test/timeline.ts";
import type { PaceChange } from "../../src/pacing/pace-options.ts";
import { Pacing, type PacingOptions } from "../../src/pacing/pacing.ts";
import type { Purpose, Turn } from "../../src/pacing/turns/turn.ts";
import { signal } from "../scenario.ts";

/** A place may be free two turns of the event loop after its answer has ended. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate);
}

/** The pacing of a source, with a clock that is turned by hand. */
export function setup(bodies: number, options: PacingOptions = {}) {
  const timeline = new Timeline();
  const pacing = new Pacing(
    { bodies: { most: bodies, isSought: false }, ...options },
    { now: timeline.now, ring: timeline.ring, random: () => 0 },
  );
  const changes: PaceChange[] = [];
  pacing.onChange = (change) => changes.push(change);
  async function pass(ms: number): Promise<void> {
    timeline.runUntil(timeline.now() + ms);
    await settle();
  }
  /** Turns that were given, in order, of requests that ask for one. */
  const given: Turn[] = [];
  async function ask(count: number, purpose: Purpose = "body", origin = "http://a"): Promise<void> {
    for (let n = 0; n < count; n++) {
      const turn = pacing.of(origin).enter(purpose, signal());
      if (turn instanceof Promise) void turn.then((later) => given.push(later));
      else given.push(turn);
    }
    await settle();
  }
  function finish(turn: Turn | undefined, status = 200): void {
    turn?.answered(status);
    turn?.ended();
  }
  /**
   * Requests that were served, each over a connection of its own: so many more may run at once.
   * They are not among the given.
   */
  async function serve(count: number): Promise<void> {
    for (let n = 0; n < count; n++) {
      await ask(1);
      finish(given.pop());
    }
    await settle();
  }
  return { serve, pacing, changes, pass, given, ask, finish };
}
