import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline } from "../../../../../test/timeline.ts";
import { RequestRate } from "../../../src/pacing/rates/request-rate.ts";

/** A rate of 100 requests in the last second that was just cut, for eight refusals in a row. */
function cutRate() {
  const timeline = new Timeline();
  const rate = new RequestRate({ now: timeline.now, random: () => 0 });
  for (let n = 0; n < 100; n++) rate.served(rate.sent());
  const cut = () => {
    let isCut = false;
    for (let n = 0; n < 40 && !isCut; n++) isCut = rate.refused(rate.sent());
    assert.ok(isCut);
  };
  cut();
  const pass = (ms: number) => timeline.runUntil(timeline.now() + ms);
  const goOn = () => {
    pass(3_000);
    rate.served(rate.sent());
  };
  return { rate, pass, cut, goOn };
}

test("a cut is undone if the share that is refused at any rate explains it, and that share cuts the rate no more", () => {
  const { rate, goOn } = cutRate();
  assert.ok(rate.accept(0.33));
  goOn();
  for (let n = 0; n < 100; n++) {
    rate.served(rate.sent());
    rate.served(rate.sent());
    assert.equal(rate.refused(rate.sent()), false);
  }
});

test("a cut stays where a limit must be its reason: the refused share is unknown, or too small for it", () => {
  const { rate } = cutRate();
  assert.equal(rate.accept(undefined), false);
  assert.equal(rate.accept(0.1), false);
});

test("where more is refused than the accepted share, the cuts of the next minute stay", () => {
  const { rate, pass, cut, goOn } = cutRate();
  assert.ok(rate.accept(0.33));
  goOn();
  cut();
  assert.equal(rate.accept(0.33), false);
  pass(60_000);
  goOn();
  cut();
  assert.ok(rate.accept(0.33));
});
