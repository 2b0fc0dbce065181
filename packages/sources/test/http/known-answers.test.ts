import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownAnswers } from "../../src/http/known-answers.ts";

const asked = { origin: "http://host", method: "GET", headers: [] as string[] } as const;
const limits = { headersTimeout: 1, bodyTimeout: 1 };

function get(path: string, headers: string[] = []) {
  return { ...asked, ...limits, path, headers };
}

function answer(status: number) {
  return { status, statusText: "", headers: {}, body: new Uint8Array() };
}

test("an answer is for one GET of its path, without a range and without a demand for a fresh one", () => {
  const answers = new KnownAnswers(() => 0);
  answers.add("/a", answer(404));
  assert.equal(answers.take(get("/b")), undefined);
  assert.equal(answers.take({ ...get("/a"), method: "HEAD" }), undefined);
  assert.equal(answers.take(get("/a", ["range", "bytes=0-1"])), undefined);
  assert.equal(answers.take(get("/a", ["cache-control", "no-cache"])), undefined);
  assert.deepEqual(answers.take(get("/a")), answer(404));
  assert.equal(answers.take(get("/a")), undefined);
});

test("a refusal or a broken connection is not used again after a second, because the source may have been unwell", () => {
  let now = 0;
  const answers = new KnownAnswers(() => now);
  const fault = { name: "Error", code: "ECONNRESET", message: "closed" };
  for (const came of [answer(403), answer(503), fault]) {
    answers.add("/a", came);
    now += 999;
    assert.equal(answers.take(get("/a")), came);
    answers.add("/a", came);
    now += 1_000;
    assert.equal(answers.take(get("/a")), undefined);
  }
  answers.add("/a", answer(404));
  now += 29_999;
  assert.notEqual(answers.take(get("/a")), undefined);
  answers.add("/a", answer(404));
  now += 30_000;
  assert.equal(answers.take(get("/a")), undefined);
});

test("no more than 1,000 answers are kept", () => {
  const answers = new KnownAnswers(() => 0);
  for (let n = 0; n < 1_001; n++) answers.add(`/${n}`, answer(404));
  assert.equal(answers.take(get("/0")), undefined);
  assert.notEqual(answers.take(get("/1")), undefined);
});
