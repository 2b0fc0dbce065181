import assert from "node:assert/strict";
import { test } from "node:test";
import type { Purpose } from "../../../src/pacing/turns/turn.ts";
import { signal } from "../../scenario.ts";
import { settle, setup } from "../scene.ts";

test("refusals of everything after many refusals are a ban, which is reported once; then one request at a time is sent", async () => {
  const { changes, given, ask, pass, serve } = setup(64);
  await serve(32);
  await ask(40);
  for (const turn of given.slice(0, 6)) turn.judge("refused");
  for (const turn of given.slice(6, 12)) turn.judge("forbidden");
  assert.deepEqual(
    given.slice(0, 12).map(({ finding }) => finding),
    [...Array(6).fill(undefined), ...Array(6).fill("ban")],
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

/** Requests of a kind that are answered at once, all alike. */
async function answer(
  { given, ask, finish }: ReturnType<typeof setup>,
  purpose: Purpose,
  status: number,
  times: number,
): Promise<void> {
  for (let n = 0; n < times; n++) {
    await ask(1, purpose);
    finish(given.at(-1), status);
  }
  await settle();
}

/** Requests of a kind that may be sent in a second. */
async function perSecond(
  { given, ask, finish, pass }: ReturnType<typeof setup>,
  purpose: Purpose,
): Promise<number> {
  const before = given.length;
  await ask(300, purpose);
  for (let tick = 0, ended = before; tick < 100; tick++) {
    for (; ended < given.length; ended++) finish(given[ended]);
    await pass(10);
  }
  return given.length - before;
}

test("refusals of everything after nothing but answers are a ban when the answer has that word; it is reported once, and its rate is not passed", async () => {
  const scene = setup(64);
  const { pacing, changes, pass } = scene;
  await answer(scene, "body", 200, 100);
  await answer(scene, "page", 200, 40);
  await answer(scene, "metadata", 200, 5); // too few to have led to it
  for (const purpose of ["body", "page", "metadata"] as const) await answer(scene, purpose, 403, 10);
  pacing.banned();
  pacing.banned();
  assert.deepEqual(changes, [{ kind: "ban", origin: "http://a", perSecond: 140 }]);
  await pass(10_000);
  for (const purpose of ["body", "page", "metadata"] as const) await answer(scene, purpose, 200, 1);
  await pass(60_000);
  const rates = [];
  for (const purpose of ["body", "page", "metadata"] as const) rates.push(await perSecond(scene, purpose));
  assert.ok(
    rates.every((one) => one >= 100 && one <= 0.85 * 140 + 5),
    `${rates} a second`,
  );
});

test("a ban that comes at a very low rate, after an outage, does not limit later requests to that rate", async () => {
  const scene = setup(64);
  const { pacing, changes, pass } = scene;
  await answer(scene, "body", 200, 300);
  await pass(20_000); // the source is away, then it answers again
  await answer(scene, "body", 200, 2);
  await answer(scene, "body", 403, 10);
  pacing.banned();
  assert.deepEqual(changes, [{ kind: "ban", origin: "http://a", perSecond: 300 }]);
  await pass(10_000);
  await answer(scene, "body", 200, 1);
  await pass(60_000);
  const rate = await perSecond(scene, "body");
  assert.ok(rate >= 200, `${rate} a second`);
});

test("a ban that meets a service that has just started, by what others asked, limits it to no rate", async () => {
  const scene = setup(64);
  const { pacing, changes, pass } = scene;
  await answer(scene, "body", 200, 5);
  await answer(scene, "body", 403, 20);
  pacing.banned();
  assert.deepEqual(changes, []);
  await pass(10_000);
  await answer(scene, "body", 200, 1);
  assert.ok((await perSecond(scene, "body")) >= 290);
});

test("everything refused from the first request on slows nothing down: no rate led to it", async () => {
  const scene = setup(64);
  const { pacing, changes } = scene;
  await answer(scene, "body", 403, 200);
  pacing.banned();
  await answer(scene, "body", 401, 20);
  pacing.banned();
  assert.deepEqual(changes, []);
  assert.ok(!(pacing.of("http://a").enter("body", signal()) instanceof Promise));
});

test("when everything is refused, a server that answers otherwise is not slowed down", async () => {
  const scene = setup(64);
  const { pacing, changes } = scene;
  await answer(scene, "body", 200, 100);
  await answer(scene, "body", 404, 20);
  pacing.banned();
  assert.deepEqual(changes, []);
});
