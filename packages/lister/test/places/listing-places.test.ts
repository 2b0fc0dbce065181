import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded, Timeline } from "../../../../test/timeline.ts";
import { ListingPlaces } from "../../src/index.ts";

/** A store and the line to it. */
interface Way {
  /** Milliseconds from a request to its page, with 20 % more or less by chance. */
  readonly delay: number;
  /** Names per millisecond that the store lists, after which pages wait for each other. */
  readonly most: number;
}

/** Names of a page: some are full, others are those of small directories. */
function namesOf(random: number): number {
  return random < 0.5 ? 1_000 : Math.ceil(random * 1_000) - 490;
}

/** Lists for ever. `state.want`: the number of pages that are wanted at once. */
function listing(places: ListingPlaces, timeline: Timeline, seed: number, first: Way) {
  const random = seeded(seed);
  const state = { way: first, want: Number.POSITIVE_INFINITY, names: 0, pageNames: namesOf };
  let free = 0;
  const begin = () => {
    while (places.running < Math.min(places.limit, state.want)) {
      places.begin();
      const { delay, most } = state.way;
      const now = timeline.now();
      const names = state.pageNames(random());
      free = Math.max(free, now) + names / most;
      timeline.ring(Math.max(free - now, delay * (0.8 + 0.4 * random())), () => {
        state.names += names;
        places.end(names);
        begin();
      });
    }
  };
  begin();
  return { state, begin };
}

const sought = (timeline: Timeline, most = 64) => new ListingPlaces({ most, isSought: true }, timeline.now);

/** Returns the names per second from second 20 to second 40. */
function rate(places: "auto" | number, seed: number, way: Way): number {
  const timeline = new Timeline();
  const isSought = places === "auto";
  const place = new ListingPlaces({ most: isSought ? 64 : places, isSought }, timeline.now);
  const { state } = listing(place, timeline, seed, way);
  timeline.runUntil(20_000);
  const before = state.names;
  timeline.runUntil(40_000);
  return (state.names - before) / 20;
}

for (const delay of [2, 20, 50, 200])
  for (const most of [500, 5_000])
    test(`with ${delay} ms per page and ${most} names per ms at most, from second 20 on it is as fast as the best fixed number`, () => {
      const way = { delay, most };
      const fixed = [8, 16, 32, 64].map((places) => rate(places, 7, way));
      const best = Math.max(...fixed);
      for (const seed of [1, 2, 3]) {
        const auto = rate("auto", seed, way);
        assert.ok(auto >= 0.9 * best, `${auto} of ${best} (${fixed})`);
      }
    });

test("more listings at once that bring no more names are given up again", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state } = listing(places, timeline, 1, { delay: 200, most: 5_000 });
  state.pageNames = () => 500;
  timeline.runUntil(30_000);
  assert.ok(places.limit > 48, `${places.limit}`);
  state.way = { delay: 5, most: 100 };
  timeline.runUntil(600_000);
  assert.ok(places.limit <= 16, `${places.limit}`);
});

test("places that are not used are no reason for more", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state } = listing(places, timeline, 1, { delay: 50, most: 5_000 });
  state.want = 3;
  timeline.runUntil(120_000);
  assert.equal(places.limit, 8);
  assert.equal(places.isShort, false);
});

test("while much waits to be fetched there are fewer places from look to look, down to 8", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state, begin } = listing(places, timeline, 1, { delay: 50, most: 5_000 });
  timeline.runUntil(20_000);
  assert.ok(places.limit > 48, `${places.limit}`);
  let before = places.limit;
  for (let pauses = 0; pauses < 8; pauses++) {
    state.want = 0;
    places.notNeeded();
    timeline.runUntil(timeline.now() + 5_000);
    assert.ok(places.limit < before || places.limit === 8, `${places.limit}`);
    before = places.limit;
    state.want = Number.POSITIVE_INFINITY;
    begin();
    timeline.runUntil(timeline.now() + 300);
  }
  assert.equal(places.limit, 8);
  timeline.runUntil(timeline.now() + 30_000);
  assert.ok(places.limit > 48, `found again: ${places.limit}`);
});

test("a time in which nothing was listed is not measured", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state, begin } = listing(places, timeline, 1, { delay: 50, most: 5_000 });
  timeline.runUntil(20_000);
  const before = places.limit;
  for (let rests = 0; rests < 20; rests++) {
    state.want = 0;
    timeline.runUntil(timeline.now() + 3_600_000);
    state.want = Number.POSITIVE_INFINITY;
    begin();
    timeline.runUntil(timeline.now() + 500);
  }
  assert.equal(places.limit, before);
});

test("of pages with very many names few are listed at once, for the sake of memory", () => {
  const timeline = new Timeline();
  const places = sought(timeline);
  const { state } = listing(places, timeline, 1, { delay: 200, most: 100_000 });
  state.pageNames = () => 100_000;
  timeline.runUntil(60_000);
  assert.equal(places.limit, 8);
});

test("a fixed number stays, and the greatest number is never passed", () => {
  for (const [places, most] of [
    [{ most: 12, isSought: false }, 12],
    [{ most: 20, isSought: true }, 20],
    [{ most: 1, isSought: true }, 1],
  ] as const) {
    const timeline = new Timeline();
    const place = new ListingPlaces(places, timeline.now);
    listing(place, timeline, 1, { delay: 200, most: 5_000 });
    for (let second = 1; second < 60; second++) {
      timeline.runUntil(second * 1_000);
      assert.ok(place.running <= most);
    }
    assert.equal(place.limit, most);
    assert.equal(place.isAtMost, true);
  }
});
