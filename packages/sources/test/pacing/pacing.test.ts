import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "../scenario.ts";
import { settle, setup } from "./scene.ts";

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

test("begins with 16 places, and adds one for each that is served, up to half; then one after as many answers as there are", async () => {
  const { given, ask, finish } = setup(64);
  await ask(200);
  assert.equal(given.length, 16);
  for (const turn of given.slice(0, 16)) finish(turn);
  await settle();
  assert.equal(given.length, 16 + 32);
  for (const turn of given.slice(16, 32)) finish(turn);
  await settle();
  assert.equal(given.length, 32 + 48);
  for (const turn of given.slice(32, 78)) finish(turn);
  await settle();
  assert.equal(given.length, 78 + 48);
  for (const turn of given.slice(78, 82)) finish(turn);
  await settle();
  assert.equal(given.length, 82 + 49);
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
  test(`a refusal without an explanation is judged by its status: ${status}`, async () => {
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

test("no answer in time, to several requests at once, halves the places once", async () => {
  const { changes, given, ask } = setup(64);
  await ask(40);
  for (const turn of given.slice(0, 20)) turn.ended(true);
  assert.deepEqual(
    changes.map((change) => change.kind === "connections" && change.limit),
    [8],
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

test("a request that would wait long for one server of many fails at once, and the others go on", async () => {
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
