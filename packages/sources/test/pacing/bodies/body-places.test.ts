import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded, Timeline } from "../../../../../test/timeline.ts";
import { BodyPlaces } from "../../../src/pacing/bodies/body-places.ts";

/** A store and the line to it. */
interface Way {
  /** Milliseconds from a request to its answer, with 20 % more or less by chance. */
  readonly delay: number;
  /** Bodies per second that come through, after which they wait for each other. */
  readonly most: number;
  /** Bytes of each body. */
  readonly size?: number;
}

/** Fetches for ever. `want`: the number of bodies that are wanted at once. */
function fetching(places: BodyPlaces, timeline: Timeline, seed: number, first: Way) {
  const random = seeded(seed);
  const state = { way: first, want: Number.POSITIVE_INFINITY, ended: 0 };
  let free = 0;
  const begin = () => {
    while (!places.isFull && places.running < state.want) {
      places.enter();
      const { delay, most, size = 20_000 } = state.way;
      const now = timeline.now();
      free = Math.max(free, now) + (1000 / most) * (0.5 + random());
      timeline.ring(Math.max(free - now, delay * (0.8 + 0.4 * random())), () => {
        places.received(size);
        state.ended++;
        places.leave();
        begin();
      });
    }
  };
  begin();
  return { state, begin };
}

/** Returns the bodies per second from one second to another. */
function rate(
  places: "auto" | number,
  seed: number,
  way: Way,
  [from, to]: readonly [number, number],
): number {
  const timeline = new Timeline();
  const isSought = places === "auto";
  const place = new BodyPlaces({ most: isSought ? 512 : places, isSought }, timeline.now);
  const { state } = fetching(place, timeline, seed, way);
  timeline.runUntil(from * 1000);
  const before = state.ended;
  timeline.runUntil(to * 1000);
  return (state.ended - before) / (to - from);
}

const sought = (timeline: Timeline, most = 512) => new BodyPlaces({ most, isSought: true }, timeline.now);

for (const delay of [2, 20, 50, 200])
  for (const most of [500, 2_500, 10_000])
    test(`with ${delay} ms per answer and ${most} bodies per second at most, from second 20 on it is as fast as the best fixed number`, () => {
      const fixedRates = [16, 32, 64, 128, 256, 512].map((places) =>
        rate(places, 7, { delay, most }, [20, 40]),
      );
      const best = Math.max(...fixedRates);
      for (const seed of [1, 2, 3]) {
        const auto = rate("auto", seed, { delay, most }, [20, 40]);
        assert.ok(auto >= 0.9 * best, `${auto} of ${best} (${fixedRates})`);
      }
    });

test("more places are found when latency grows, and fewer when they bring nothing any more", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state } = fetching(places, timeline, 1, { delay: 5, most: 2_000 });
  timeline.runUntil(60_000);
  assert.ok(places.limit <= 64, `${places.limit}`);
  state.way = { delay: 100, most: 2_000 };
  timeline.runUntil(240_000);
  const before = state.ended;
  timeline.runUntil(270_000);
  assert.ok(state.ended - before > 0.85 * 2_000 * 30, `${(state.ended - before) / 30} at ${places.limit}`);
  state.way = { delay: 5, most: 2_000 };
  timeline.runUntil(900_000);
  assert.ok(places.limit <= 128, `${places.limit}`);
});

test("places that are not used do not grow, and few are left after a time without use", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state } = fetching(places, timeline, 1, { delay: 50, most: 100_000 });
  timeline.runUntil(30_000);
  assert.ok(places.limit > 400, `${places.limit}`);
  state.want = 80;
  timeline.runUntil(60_000);
  assert.ok(places.limit >= 80 && places.limit <= 120, `${places.limit}`);
  timeline.runUntil(120_000);
  assert.ok(places.limit <= 120, `${places.limit}`);
});

test("never more places than the greatest number are used", () => {
  const timeline = new Timeline();
  const places = sought(timeline, 100);
  fetching(places, timeline, 1, { delay: 200, most: 100_000 });
  for (let second = 1; second < 60; second++) {
    timeline.runUntil(second * 1000);
    assert.ok(places.running <= 100);
  }
  assert.equal(places.limit, 100);
});
