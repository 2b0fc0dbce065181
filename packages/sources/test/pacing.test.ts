import assert from "node:assert/strict";
import { test } from "node:test";
import type { Turn } from "../src/pacing/turn.ts";
import { settle, setup } from "./pacing-scene.ts";
import { signal } from "./scenario.ts";

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

for (const status of [429, 503, 509])
  test(`a refusal that nobody explains is judged by its status: ${status}`, async () => {
    const { changes, given, ask, finish } = setup(8);
    await ask(8);
    for (const one of [...given]) finish(one, status);
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

/** Ten requests, each over a connection of its own, of which three were answered at once. */
async function threeOfTenAnswered() {
  const { changes, given, ask, pass, finish } = setup(64);
  const takenBack: Turn[] = [];
  await ask(10);
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
  for (const [n, turn] of given.entries()) {
    const takeBack = () => {
      takenBack.push(turn);
      turn.ended();
    };
    turn.sending({ takeBack }, 0);
    turn.goesOver(lines[n] ?? assert.fail());
  }
  await pass(20);
  for (const turn of given.slice(0, 3)) finish(turn);
  await pass(1900);
  assert.equal(takenBack.length, 0);
  await pass(200);
  assert.deepEqual(takenBack, given.slice(3, 4), "one of them is asked for again, to find out");
  assert.deepEqual(changes, []);
  await ask(1);
  const again = given[10] ?? assert.fail();
  again.sending({ takeBack: () => takenBack.push(again) }, 1);
  again.goesOver(lines[0] ?? assert.fail());
  return { changes, given, lines, takenBack, again, ask, pass, finish };
}

test("a server that serves three connections of many gets what waits over those, at once", async () => {
  const { changes, given, lines, takenBack, again, ask, pass, finish } = await threeOfTenAnswered();
  await pass(20);
  finish(again);
  await pass(400);
  assert.deepEqual(takenBack, given.slice(3, 10));
  assert.deepEqual(
    lines.map(({ isGivenUp }) => isGivenUp),
    [...Array(3).fill(false), ...Array(7).fill(true)],
  );
  assert.deepEqual(changes.at(-1), {
    kind: "connections",
    origin: "http://a",
    // Ten less six that are silent; another look would find the fourth.
    limit: 4,
    why: "it answers no more at once",
  });
  await ask(10);
  assert.equal(given.length, 15);
});

test("a server that stands still is asked for one thing a second twice, and no fewer connections are used", async () => {
  const { changes, given, takenBack, again, pass, finish } = await threeOfTenAnswered();
  await pass(900);
  assert.equal(takenBack.length, 1);
  await pass(400);
  assert.equal(takenBack.length, 2);
  for (const turn of [...given.slice(5, 10), again]) finish(turn);
  await pass(4000);
  assert.equal(takenBack.length, 2);
  assert.deepEqual(changes, []);
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
