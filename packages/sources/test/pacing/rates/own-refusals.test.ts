import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenBucket } from "../../../../../test/field/servers/gates.ts";
import { seeded, Timeline } from "../../../../../test/timeline.ts";
import { Pacing } from "../../../src/pacing/pacing.ts";
import { OwnRefusals } from "../../../src/pacing/rates/own-refusals.ts";
import { signal } from "../../scenario.ts";
import { settle } from "../scene.ts";

interface Fetched {
  readonly served: number;
  readonly refused: number;
  readonly inVain: number;
  /** Milliseconds until the last object was served, and until nothing was left. */
  readonly lastServedAt: number;
  readonly lastAt: number;
}

interface Store {
  readonly status: number;
  /** Of an object, by its number: it is refused each time. */
  readonly isRefused: (n: number) => boolean;
  /** Milliseconds per request; one is answered after the other. */
  readonly each: number;
  readonly seed: number;
}

const objects = 400;
/** Tries of an object, one soon after the other; and the rounds of tries, with a second between. */
const tries = 3;
const rounds = 3;

/** Asks for 400 objects as a downloader does: those that are refused several times. */
async function fetchAll({ status, isRefused, each, seed }: Store): Promise<Fetched> {
  const timeline = new Timeline();
  const random = seeded(seed);
  const pacing = new Pacing(
    { bodies: { most: 512, isSought: true } },
    { now: timeline.now, ring: timeline.ring, random },
  );
  const done = { served: 0, refused: 0, inVain: 0, lastServedAt: 0, lastAt: 0 };
  const queue = Array.from({ length: objects }, (_, n) => ({ n, round: 0 }));
  const pass = (ms: number) => new Promise<void>((resolve) => timeline.ring(ms, resolve));
  let idleFrom = 0;
  async function isServed(n: number): Promise<boolean> {
    const turn = await pacing.of("http://a").enter("body", signal(), `/${n}`);
    idleFrom = Math.max(idleFrom, timeline.now()) + each;
    await pass(idleFrom - timeline.now() + 20 * random());
    turn.answered(isRefused(n) ? status : 200);
    turn.ended();
    done.lastAt = timeline.now();
    return !isRefused(n);
  }
  async function fetch(one: { n: number; round: number }): Promise<void> {
    for (let tried = 0; tried < tries; tried++) {
      if (await isServed(one.n)) {
        done.served++;
        done.lastServedAt = done.lastAt;
        return;
      }
      done.inVain++;
      await pass(100 + 100 * random());
    }
    if (++one.round === rounds) done.refused++;
    else timeline.ring(1_000, () => queue.push(one));
  }
  let begun = 0;
  for (let ms = 0; done.served + done.refused < objects && ms < 200_000; ms += 2) {
    for (; begun < 4 * pacing.bodies.limit; begun++) {
      const one = queue.shift();
      if (one === undefined) break;
      void fetch(one).finally(() => begun--);
    }
    timeline.runUntil(ms);
    await settle();
  }
  return done;
}

for (const { status, each } of [
  { status: 429, each: 2 },
  { status: 503, each: 2 },
  { status: 503, each: 20 },
])
  test(`a third of the objects is refused each time: all others come as if there was no limit, from a server that needs ${each} ms per request: ${status}`, async () => {
    for (let seed = 1; seed <= 3; seed++) {
      const done = await fetchAll({ status, isRefused: (n) => n % 3 === 1, each, seed });
      assert.deepEqual([done.served, done.refused], [267, 133]);
      assert.equal(done.inVain, 133 * tries * rounds);
      // Without a pause, all requests take 2.9 s and 29 s.
      const alone = each * (done.served + done.inVain);
      assert.ok(done.lastServedAt < alone + 3_000, `the last came after ${done.lastServedAt} ms`);
      assert.ok(done.lastAt < alone + 6_000, `the last ended after ${done.lastAt} ms`);
    }
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
