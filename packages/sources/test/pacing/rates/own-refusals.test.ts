import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenBucket } from "../../../../../test/field/servers/gates.ts";
import { Pacing } from "../../../src/pacing/pacing.ts";
import { OwnRefusals } from "../../../src/pacing/rates/own-refusals.ts";
import type { Turn } from "../../../src/pacing/turns/turn.ts";
import { signal } from "../../scenario.ts";
import { settle } from "../scene.ts";
import { seeded, Timeline } from "../timeline.ts";

/**
 * Asks for objects, several times where they are refused. `isRefused`: an object, by its number.
 */
async function fetchAll(objects: number, status: number, isRefused: (n: number) => boolean) {
  const timeline = new Timeline();
  const pacing = new Pacing(
    { bodies: { most: 64, isSought: false } },
    { now: timeline.now, ring: timeline.ring, random: seeded(5) },
  );
  const done = { served: 0, refused: 0, inVain: 0, lastServedAt: 0, lastAt: 0 };
  const queue = Array.from({ length: objects }, (_, n) => ({ n, tries: 0 }));
  async function answer(turn: Turn, isGiven: boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    timeline.ring(2, resolve);
    await promise;
    turn.answered(isGiven ? 200 : status);
    turn.ended();
  }
  async function work(): Promise<void> {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const isGiven = !isRefused(one.n);
      await answer(await pacing.of("http://a").enter("body", signal(), `/${one.n}`), isGiven);
      done.lastAt = timeline.now();
      if (!isGiven) done.inVain++;
      if (isGiven) {
        done.served++;
        done.lastServedAt = done.lastAt;
      } else if (++one.tries === 8) done.refused++;
      else {
        const later = Promise.withResolvers<void>();
        timeline.ring(200, later.resolve);
        await later.promise;
        queue.push(one);
      }
    }
  }
  for (let n = 0; n < 64; n++) void work();
  for (let ms = 0; done.served + done.refused < objects && ms < 120_000; ms++) {
    timeline.runUntil(ms);
    await settle();
  }
  return done;
}

for (const status of [429, 503])
  test(`a third of the objects is refused each time: all others come within seconds, and these end soon: ${status}`, async () => {
    const done = await fetchAll(400, status, (n) => n % 3 === 1);
    assert.deepEqual([done.served, done.refused], [267, 133]);
    assert.ok(done.lastServedAt < 20_000, `the last came after ${done.lastServedAt} ms`);
    assert.ok(done.inVain <= 133 * 8, `${done.inVain} requests in vain`);
    assert.ok(done.lastAt < 30_000, `the last ended after ${done.lastAt} ms`);
  });

/** Paths that are asked for in turn; those that were refused are asked for again. */
function share(isRefused: (path: string, n: number) => boolean): number {
  const own = new OwnRefusals();
  const again: string[] = [];
  let ignored = 0;
  for (let n = 0; n < 2_000; n++) {
    const path = n % 2 === 0 ? (again.shift() ?? `/${n}`) : `/${n}`;
    if (!isRefused(path, n)) own.served(path);
    else {
      if (own.refused(path, false)) ignored++;
      again.push(path);
    }
  }
  return ignored / 2_000;
}

test("what is refused each time while others are served is its own; what is refused by chance or by a limit is not", () => {
  const random = seeded(3);
  const bucket = tokenBucket(300, 30);
  assert.ok(share((path) => path.endsWith("7")) > 0.2);
  for (const chance of [0.1, 0.25, 0.5, 0.75])
    assert.equal(
      share(() => random() < chance),
      0,
      `${chance}`,
    );
  // 1,000 a second, of which 300 are allowed.
  assert.equal(
    share((_, n) => bucket(n) !== "served"),
    0,
  );
});

test("while nothing is served, no refusal is an object's own: it may be a ban", () => {
  const own = new OwnRefusals();
  const all = Array.from({ length: 100 }, (_, n) => `/${n}`);
  for (const path of all) own.served(path);
  for (let times = 0; times < 5; times++)
    for (const path of all) assert.equal(own.refused(path, false), false);
});

/**
 * Nothing is served but what is known to work. Gives how many of some refusals in a row are
 * believed to be their objects' own.
 */
function believedInRow(own: OwnRefusals, count: number): number {
  let believed = 0;
  for (let n = 0; n < count; n++) if (own.refused(`/in-a-row/${n}`, true)) believed++;
  return believed;
}

test("where what is known to work is served while all else is refused, that is the others' own, as long as it is", () => {
  const own = new OwnRefusals();
  for (let times = 0; times < 3; times++) {
    assert.equal(believedInRow(own, 8), 0);
    assert.equal(own.witness(true), times === 2, "news at the third time");
  }
  assert.equal(believedInRow(own, 150), 150);
  assert.equal(own.witness(true), false);
  assert.equal(believedInRow(own, 250), 200, "not for ever");
  own.witness(true);
  assert.equal(own.witness(false), false);
  assert.equal(believedInRow(own, 100), 0, "now everything is refused");
});

test("what is known to work proves nothing where others are served, too, or where little was refused", () => {
  const limited = new OwnRefusals();
  for (let times = 0; times < 20; times++) {
    believedInRow(limited, 10);
    limited.served("/other");
    assert.equal(limited.witness(true), false);
  }
  const few = new OwnRefusals();
  for (let times = 0; times < 5; times++) {
    believedInRow(few, 3);
    assert.equal(few.witness(true), false);
  }
});
