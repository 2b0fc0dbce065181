import assert from "node:assert/strict";
import { test } from "node:test";
import { turn } from "../../../../test/recording-broker.ts";
import { Prefetch } from "../../src/places/prefetch.ts";
import { at, ListedBucket, setUp } from "../set-up.ts";

function following(most: number) {
  const changes: number[] = [];
  const prefetch = new Prefetch(most, (messages) => changes.push(messages));
  const come = (messages: number, positions: number, places: number) => {
    for (let message = 0; message < messages; message++) prefetch.came(positions, places);
  };
  return { prefetch, changes, come };
}

test("messages of many directories leave the prefetch small, whatever the number of places is", () => {
  const { prefetch, changes, come } = following(64);
  assert.equal(prefetch.first, 8);
  come(100, 16, 8);
  come(100, 16, 64);
  assert.deepEqual(changes, []);
});

test("messages of one page raise it to the places, and it falls again with these", () => {
  const { changes, come } = following(64);
  come(200, 1, 64);
  assert.equal(changes.at(-1), 64);
  assert.ok(changes.every((one, at) => one % 8 === 0 && one > (changes[at - 1] ?? 8)));
  come(1, 1, 50);
  assert.equal(changes.at(-1), 64, "not at each small change");
  come(1, 1, 8);
  assert.equal(changes.at(-1), 8);
});

test("half as many messages are enough if each names four directories", () => {
  const { changes, come } = following(64);
  come(200, 4, 64);
  assert.equal(changes.at(-1), 32);
});

test("a lister with one place holds one message", () => {
  const { prefetch, changes, come } = following(1);
  assert.equal(prefetch.first, 1);
  come(100, 1, 1);
  assert.deepEqual(changes, []);
});

test("a lister asks its broker for more messages when they name one page each", async () => {
  const bucket = new ListedBucket({ "": [{}] });
  const { broker, lister } = await setUp(bucket, { options: { concurrency: { most: 64, isSought: false } } });
  for (let message = 0; message < 100; message++) await broker.deliver("directories", at());
  await turn();
  assert.equal(
    broker.events.findLast((event) => event.startsWith("prefetch")),
    "prefetch 64 of directories",
  );
  await lister[Symbol.asyncDispose]();
});
