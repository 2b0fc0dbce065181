import assert from "node:assert/strict";
import { test } from "node:test";
import { Rest } from "../../src/direct/rest.ts";

function restAt() {
  const clock = { now: 0 };
  return { rest: new Rest(() => clock.now), clock };
}

test("after a refusal or a broken connection the short way is closed for a second", () => {
  const { rest, clock } = restAt();
  assert.equal(rest.isOn, false);
  rest.trouble();
  clock.now = 999;
  assert.equal(rest.isOn, true);
  clock.now = 1_000;
  assert.equal(rest.isOn, false);
});

test("the short way is closed for a minute if more than one answer in 16 is out of the ordinary", () => {
  const { rest, clock } = restAt();
  for (let n = 0; n < 1_000; n++) {
    rest.odd();
    for (let came = 0; came < 16; came++) rest.stored();
  }
  assert.equal(rest.isOn, false, "one in 17");
  for (let n = 0; n < 100 && !rest.isOn; n++) {
    rest.odd();
    for (let came = 0; came < 8; came++) rest.stored();
  }
  assert.equal(rest.isOn, true, "one in 9");
  clock.now = 60_000;
  assert.equal(rest.isOn, false);
});

test("the short way to a server whose answers are not plain is closed for a minute", () => {
  const { rest, clock } = restAt();
  rest.notPlain();
  clock.now = 59_999;
  assert.equal(rest.isOn, true);
  clock.now = 60_000;
  assert.equal(rest.isOn, false);
});
