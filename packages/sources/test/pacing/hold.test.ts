import assert from "node:assert/strict";
import { test } from "node:test";
import { probing } from "@brigade/core";
import { parseSource } from "../../src/index.ts";
import { serve, signal } from "../scenario.ts";
import { setup } from "./scene.ts";

const entry = (key: string) => ({ key, size: 1, modified: 0 });

test("while a source is held no request gets a turn, and all that waited get theirs after it", async () => {
  const { pacing, ask, given, finish, pass } = setup(2);
  await ask(4);
  assert.equal(given.length, 2);
  pacing.hold();
  for (const turn of given.splice(0)) finish(turn);
  await ask(1, "page");
  await ask(1, "metadata", "http://b");
  await pass(60_000);
  assert.equal(given.length, 0);
  pacing.release();
  await pass(0);
  assert.deepEqual(given.map(({ purpose }) => purpose).sort(), ["body", "body", "metadata", "page"]);
});

test("a probe waits, too, and is sent when the hold is over", async () => {
  const { pacing, pass } = setup(1);
  pacing.hold();
  const turn = pacing.of("http://a").enter("body", probing(signal()));
  assert.ok(turn instanceof Promise);
  pacing.release();
  await pass(0);
  assert.equal((await turn).isProbe, true);
});

test("a request that waits for the end of a hold ends with its signal", async () => {
  const { pacing } = setup(1);
  pacing.hold();
  const leaving = new AbortController();
  const turn = pacing.of("http://a").enter("body", leaving.signal);
  leaving.abort();
  await assert.rejects(async () => await turn, { name: "AbortError" });
});

test("holds that follow each other at once let nothing through", async () => {
  const { pacing, ask, given, pass } = setup(1);
  pacing.hold();
  await ask(1);
  pacing.release();
  pacing.hold();
  await pass(1_000);
  assert.equal(given.length, 0);
  pacing.release();
  await pass(0);
  assert.equal(given.length, 1);
});

test("the time for which a source is held does not count as time that it worked", async () => {
  const { pacing, pass } = setup(1);
  const begun = pacing.workingTime();
  await pass(100);
  pacing.hold();
  await pass(5_000);
  assert.equal(pacing.workingTime() - begun, 100);
  pacing.release();
  await pass(10);
  assert.equal(pacing.workingTime() - begun, 110);
});

test("a request that waits for a connection when a source is held is not sent until it is over", async (t) => {
  const asked: string[] = [];
  const answers: (() => void)[] = [];
  const { url } = await serve(t, ({ url: path }, response) => {
    asked.push(path ?? "");
    const answer = () => response.writeHead(200, { "content-length": 1 }).end("x");
    if (path === "/slow") answers.push(answer);
    else answer();
  });
  const source = parseSource(`${url}/`, {}).create({ FETCH_CONCURRENCY: "8" }, "site");
  t.after(() => source[Symbol.asyncDispose]());
  const slow = source.open(entry("slow"), undefined, signal());
  while (asked.length === 0) await new Promise(setImmediate);
  // These have turns, and no connection yet.
  const others = ["a", "b", "c"].map((key) => source.open(entry(key), undefined, signal()));
  source.pacing.hold();
  answers[0]?.();
  assert.equal((await (await slow).bytes()).byteLength, 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(asked, ["/slow"]);
  source.pacing.release();
  for (const body of await Promise.all(others)) assert.equal((await body.bytes()).byteLength, 1);
  assert.deepEqual(asked.sort(), ["/a", "/b", "/c", "/slow"]);
});
