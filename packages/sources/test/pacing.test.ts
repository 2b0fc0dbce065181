import assert from "node:assert/strict";
import { test } from "node:test";
import type { PaceChange } from "../src/pacing/pace-change.ts";
import { Pacing, type PacingOptions } from "../src/pacing/pacing.ts";
import type { Purpose, Turn } from "../src/pacing/turn.ts";
import { signal } from "./scenario.ts";
import { Timeline } from "./timeline.ts";

const settle = () => new Promise(setImmediate);

/** The pacing of a source, with a clock that is turned by hand. */
function setup(bodies: number, options: PacingOptions = {}) {
  const timeline = new Timeline();
  const pacing = new Pacing(
    { bodies, ...options },
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
  return { pacing, changes, pass, given, ask, finish };
}

test("runs as many bodies at once as it may, over all servers of a source; what waits longest is next", async () => {
  const { given, ask, finish } = setup(2);
  await ask(2);
  await ask(1, "body", "http://b");
  await ask(1);
  assert.equal(given.length, 2);
  finish(given[0]);
  await settle();
  assert.equal(given.length, 3);
  await ask(1, "metadata");
  assert.equal(given.length, 4, "metadata waits for a body");
  finish(given[1]);
  finish(given[2]);
  await settle();
  assert.equal(given.length, 5);
});

test("a turn costs no promise while nothing is in the way", () => {
  const { pacing } = setup(2);
  assert.ok(!(pacing.of("http://a").enter("body", signal()) instanceof Promise));
});

test("begins with half of the places, and takes one more after as many answers as there are", async () => {
  const { given, ask, finish } = setup(64);
  await ask(100);
  assert.equal(given.length, 48);
  for (const turn of given.slice(0, 47)) finish(turn);
  await settle();
  assert.equal(given.length, 95);
  for (const turn of given.slice(47, 50)) finish(turn);
  await settle();
  assert.equal(given.length, 99);
});

test("gives a place back once, however a request ends", async () => {
  const { given, ask } = setup(1);
  await ask(3);
  given[0]?.ended();
  given[0]?.ended();
  await settle();
  assert.equal(given.length, 2);
});

test("a request that is aborted leaves the queue, and takes no place", async () => {
  const { pacing, given, ask, finish } = setup(1);
  const control = new AbortController();
  await ask(1);
  const waiting = pacing.of("http://a").enter("body", control.signal);
  await ask(1);
  control.abort(new Error("any reason"));
  await assert.rejects(async () => await waiting, { name: "AbortError" });
  assert.throws(() => pacing.of("http://a").enter("body", control.signal), { name: "AbortError" });
  finish(given[0]);
  await settle();
  assert.equal(given.length, 2);
});

for (const status of [429, 503]) {
  test(`${status} to pages slows pages down, not bodies`, async () => {
    const { changes, given, ask, pass, finish } = setup(64);
    await ask(4, "page");
    given[0]?.answered(200);
    given[1]?.answered(status);
    given[1]?.judge("refused", 2000);
    await ask(1, "page");
    await ask(10);
    assert.equal(given.length, 14);
    for (const turn of given.slice(2)) finish(turn);
    await pass(1999);
    assert.equal(given.length, 14);
    await pass(2);
    assert.equal(given.length, 15);
    assert.deepEqual(
      changes.map(({ kind, origin }) => [kind, origin]),
      [["rate", "http://a"]],
    );
  });
}

test("a refusal that nobody explains is judged by its status", async () => {
  const { changes, given, ask, finish } = setup(8);
  await ask(8);
  for (const one of [...given]) finish(one, 429);
  await settle();
  await settle();
  assert.equal(changes[0]?.kind, "rate");
});

test("what its adapter explains otherwise slows nothing down", async () => {
  const { changes, given, ask } = setup(4);
  await ask(1);
  given[0]?.answered(429);
  given[0]?.judge("served");
  given[0]?.ended();
  await settle();
  await settle();
  assert.deepEqual(changes, []);
});

test("everything refused after many refusals is a ban: told once, and asked for one by one", async () => {
  const { changes, given, ask, pass } = setup(64);
  await ask(40);
  for (const turn of given.slice(0, 6)) turn.judge("refused");
  for (const turn of given.slice(6, 12)) turn.judge("forbidden");
  assert.deepEqual(
    given.slice(0, 12).map(({ isBan }) => isBan),
    [...Array(6).fill(false), ...Array(6).fill(true)],
  );
  assert.equal(changes.filter(({ kind }) => kind === "ban").length, 1);
  for (const turn of given.slice(0, 40)) turn.ended();
  await ask(20);
  await pass(10_000);
  assert.equal(given.length, 41);
  given[40]?.answered(200);
  await pass(1000);
  assert.ok(given.length > 41);
});

test("a server that serves three connections of many gets what waits over those, at once", async () => {
  const { changes, given, ask, pass, finish } = setup(64);
  const takenBack: Turn[] = [];
  await ask(10);
  for (const turn of given) {
    const takeBack = () => {
      takenBack.push(turn);
      turn.ended();
    };
    turn.sending({ takeBack }, 0);
  }
  const lines = given.map(() => ({
    isServed: false,
    isGivenUp: false,
    answered() {
      this.isServed = true;
    },
    giveUp() {
      this.isGivenUp = true;
    },
  }));
  for (const [n, turn] of given.entries()) turn.goesOver(lines[n] ?? assert.fail());
  await pass(20);
  for (const turn of given.slice(0, 3)) finish(turn);
  await pass(1900);
  assert.equal(takenBack.length, 0);
  await pass(400);
  assert.deepEqual(takenBack, given.slice(3));
  assert.deepEqual(
    lines.map(({ isGivenUp }) => isGivenUp),
    [...Array(3).fill(false), ...Array(7).fill(true)],
  );
  assert.deepEqual(changes.at(-1), {
    kind: "connections",
    origin: "http://a",
    limit: 3,
    why: "it answers no more at once",
  });
  await ask(10);
  assert.equal(given.length, 13);
});

test("a server that takes its time with all answers is left to it", async () => {
  const { changes, given, ask, pass, finish } = setup(8);
  await ask(8);
  for (let second = 0; second < 25; second++) await pass(1000);
  for (let n = 0; n < 8; n++) {
    await pass(2000);
    finish(given[n]);
    await ask(1);
  }
  assert.deepEqual(changes, []);
});

test("no answer in time, to several requests at once, halves the places once", async () => {
  const { changes, given, ask } = setup(64);
  await ask(40);
  for (const turn of given.slice(0, 20)) turn.ended(true);
  assert.deepEqual(
    changes.map((change) => change.kind === "connections" && change.limit),
    [20],
  );
});

test("a question about an object waits a second at most for a body that may wait for its answer", async () => {
  const { given, ask, pass, finish } = setup(64);
  await ask(2);
  given[0]?.ended(true);
  await ask(1);
  await ask(1, "metadata");
  assert.equal(given.length, 2);
  await pass(1001);
  assert.deepEqual(given.map(({ purpose }) => purpose).slice(2), ["metadata"]);
  finish(given[1]);
});

test("who would wait long for one server of many is told at once, and the others go on", async () => {
  const { pacing, given, ask } = setup(2, { patience: 5000 });
  await ask(2);
  const waiting = pacing.of("http://a").enter("body", signal());
  given[0]?.answered(503);
  given[0]?.judge("refused", 300_000);
  await assert.rejects(async () => await waiting, { kind: "throttled", retryAfterMs: 300_000 });
  assert.throws(() => pacing.of("http://a").enter("body", signal()), { kind: "throttled" });
  given[0]?.ended();
  await ask(1, "body", "http://b");
  assert.equal(given.length, 3);
});
