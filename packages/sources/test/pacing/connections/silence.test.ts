import assert from "node:assert/strict";
import { test } from "node:test";
import type { Turn } from "../../../src/pacing/turns/turn.ts";
import { settle, setup } from "../scene.ts";

function lineOf() {
  return {
    isServed: false,
    isGivenUp: false,
    answered() {
      this.isServed = true;
    },
    giveUp() {
      this.isGivenUp = true;
    },
  };
}

test("opens no more connections while those that are open wait to be served, however many answers come over others", async () => {
  const { given, ask, finish } = setup(64);
  const line = lineOf();
  await ask(200);
  for (let n = 0; n < 40; n++) {
    given.at(n === 0 ? 0 : -1)?.onConnection(line);
    finish(given.at(n === 0 ? 0 : -1));
    await settle();
  }
  const finished = 40;
  assert.equal(given.length - finished, 17);
});

/** Ten requests, each over a connection of its own, of which three were answered at once. */
async function threeOfTenAnswered() {
  const { changes, given, ask, pass, finish } = setup(64);
  const takenBack: Turn[] = [];
  await ask(10);
  const lines = given.map(lineOf);
  for (const [n, turn] of given.entries()) {
    const takeBack = () => {
      takenBack.push(turn);
      turn.ended();
    };
    turn.sending({ takeBack }, 0);
    turn.onConnection(lines[n] ?? assert.fail());
  }
  await pass(20);
  for (const turn of given.slice(0, 3)) finish(turn);
  await pass(1900);
  assert.equal(takenBack.length, 0);
  await pass(200);
  assert.deepEqual(takenBack, given.slice(3, 4), "one of them is asked for again, to find out");
  assert.deepEqual(changes, []);
  /** What was taken back goes over the first connection. */
  async function askAgain(): Promise<Turn> {
    await ask(1);
    const again = given.at(-1) ?? assert.fail();
    again.sending({ takeBack: () => takenBack.push(again) }, 1);
    again.onConnection(lines[0] ?? assert.fail());
    return again;
  }
  return { changes, given, lines, takenBack, again: await askAgain(), askAgain, ask, pass, finish };
}

test("a server that serves three connections of many gets what waits over those, at once", async () => {
  const { changes, given, lines, takenBack, again, askAgain, ask, pass, finish } = await threeOfTenAnswered();
  await pass(20);
  finish(again);
  await pass(1200);
  assert.deepEqual(
    takenBack,
    given.slice(3, 5),
    "a second of answers may be those of a pause that has ended",
  );
  finish(await askAgain());
  await pass(400);
  assert.deepEqual(takenBack, given.slice(3, 10));
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
  assert.equal(given.length, 12 + 3);
});

test("while a server stands still and most connections are idle, two requests at most are sent twice, and no fewer connections are used", async () => {
  const { changes, given, takenBack, again, askAgain, pass, finish } = await threeOfTenAnswered();
  await pass(900);
  assert.equal(takenBack.length, 1);
  await pass(400);
  assert.equal(takenBack.length, 2);
  const second = await askAgain();
  for (let seconds = 0; seconds < 10; seconds++) await pass(1000);
  assert.equal(takenBack.length, 2);
  for (const turn of [...given.slice(5, 10), again, second]) finish(turn);
  await pass(4000);
  assert.equal(takenBack.length, 2);
  assert.deepEqual(changes, []);
});

/**
 * Sixteen requests, each over a connection of its own; the first of them are answered every 20 ms,
 * and others follow.
 */
async function fourOfSixteenServed() {
  const scene = setup(64);
  const { given, ask, pass, finish } = scene;
  const takenBack: Turn[] = [];
  const lines = Array.from({ length: 16 }, lineOf);
  const send = (turn: Turn, n: number) => {
    const takeBack = () => {
      takenBack.push(turn);
      turn.ended();
    };
    turn.sending({ takeBack }, 0);
    turn.onConnection(lines[n] ?? assert.fail());
  };
  await ask(16);
  for (const [n, turn] of given.entries()) send(turn, n);
  const busy = given.slice(0, 4);
  async function answer(times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      await pass(20);
      const slot = n % busy.length;
      finish(busy[slot]);
      await ask(1);
      busy[slot] = given.at(-1) ?? assert.fail();
      send(busy[slot], slot);
    }
  }
  return { ...scene, takenBack, answer };
}

test("what gets no answer while others do is asked for again", async () => {
  const { given, takenBack, answer } = await fourOfSixteenServed();
  await answer(90);
  assert.deepEqual(takenBack, []);
  await answer(40);
  assert.deepEqual(takenBack, given.slice(4, 16));
});

test("however long and often a server stands still, no request is sent twice when it goes on", async () => {
  const { changes, given, takenBack, answer, pass, finish } = await fourOfSixteenServed();
  await answer(8);
  for (const seconds of [3, 3, 4, 20, 5]) {
    for (let second = 0; second < seconds; second++) await pass(1000);
    assert.deepEqual(takenBack, []);
    await answer(8);
    await pass(300);
  }
  for (const turn of given.slice(4, 16)) finish(turn);
  await answer(200);
  assert.deepEqual(takenBack, []);
  assert.deepEqual(changes, []);
});

test("a server that is slow with all answers keeps all its connections", async () => {
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
