import assert from "node:assert/strict";
import { test } from "node:test";
import { ResponseBody } from "../../../src/http/reading/response-body.ts";

const chunk = new Uint8Array(256 * 1024);

function setup(length = 10 * chunk.length) {
  const feed = {
    isPaused: false,
    pause: () => {
      feed.isPaused = true;
    },
    resume: () => {
      feed.isPaused = false;
    },
    abort: () => {},
  };
  return { feed, body: new ResponseBody(feed, length, true) };
}

test("a held body is not read on for its reader, until it is released", async () => {
  const { feed, body } = setup();
  const chunks = body.chunks();
  body.push(chunk);
  body.hold();
  await chunks.next();
  void chunks.next();
  await new Promise(setImmediate);
  assert.equal(feed.isPaused, true);
  body.release();
  assert.equal(feed.isPaused, false);
});

test("a released body whose reader has enough is not read on", () => {
  const { feed, body } = setup();
  body.push(chunk);
  assert.equal(feed.isPaused, true, "nobody reads it yet");
  body.hold();
  body.release();
  assert.equal(feed.isPaused, true);
});

test("a held body that is dropped is read to its end if that is short", () => {
  const { feed, body } = setup(chunk.length + 100);
  body.push(chunk);
  body.hold();
  body.cancel();
  assert.equal(feed.isPaused, false);
  body.release();
});

test("a body that has come as a whole, or failed, is not held", () => {
  const { feed, body } = setup(chunk.length);
  assert.equal(body.hasCome, false);
  void body.bytes();
  body.push(chunk);
  assert.equal(body.hasCome, true);
  body.end();
  body.hold();
  assert.equal(feed.isPaused, false);
});
