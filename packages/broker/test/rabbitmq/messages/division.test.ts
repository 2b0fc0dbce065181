import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { Division } from "../../../src/rabbitmq/messages/division.ts";

/** A message of a user who is not named, as it came from the exchange that all may write to. */
const doubtful = {
  fields: { exchange: "brigade.photos.x.records", routingKey: "record" },
  properties: { headers: {}, userId: undefined },
};

test("a question that was not answered is asked again over the next connection, before a message is judged", async () => {
  const division = new Division();
  const lost = new Error("the connection was lost");
  await assert.rejects(
    division.learn("photos", "records", () => Promise.reject(lost)),
    lost,
  );
  await division.learn("photos", "records", async () => true);
  assert.equal(
    division.of("photos", "records", doubtful, () => Promise.reject(lost)),
    true,
  );
});

test("a second queue of a source waits for the answer, too", async () => {
  const division = new Division();
  const answer = Promise.withResolvers<boolean>();
  const ask = () => answer.promise;
  const first = division.learn("photos", "records", ask);
  let isLearnt = false;
  const second = division.learn("photos", "directories", ask).then(() => {
    isLearnt = true;
  });
  await setImmediate();
  assert.equal(isLearnt, false);
  answer.resolve(true);
  await Promise.all([first, second]);
  assert.equal(division.of("photos", "directories", doubtful, ask), true);
});

test("many doubtful messages cost one question at a time", async () => {
  const division = new Division();
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const ask = () => {
    asked++;
    return promise;
  };
  for (let times = 0; times < 1_000; times++)
    assert.equal(division.of("photos", "records", doubtful, ask), false);
  assert.equal(asked, 1);
  resolve(true);
  await promise;
  await setImmediate();
  assert.equal(division.of("photos", "records", doubtful, ask), true);
});
