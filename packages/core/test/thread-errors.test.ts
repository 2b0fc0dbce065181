import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import {
  ConfigError,
  decodeError,
  type EncodedError,
  encodeError,
  FatalError,
  HostError,
  MessageError,
  NameError,
  SourceError,
} from "../src/index.ts";

class JobOpenError extends Error {
  override readonly name = "JobOpenError";
}

const errors: readonly Error[] = [
  new ConfigError(["A is missing", "B is no number"]),
  new HostError("silent", "the disk does not answer"),
  new SourceError("throttled", "too fast", { status: 429, retryAfterMs: 5_000, scope: "origin" }),
  new SourceError("transport", "no HTTP", { isGuess: true, isMalformed: true }),
  new FatalError("the database is damaged"),
  new MessageError("job: missing"),
  new NameError("the name is too long"),
  new TypeError("a bug"),
];

// This file is also the thread of its first test.
if (!isMainThread) parentPort?.postMessage(errors.map((error) => encodeError(error)));
else {
  test("an error comes out of a thread with its class, its message and its fields", async () => {
    const thread = new Worker(new URL(import.meta.url));
    const encoded = await new Promise<readonly EncodedError[]>((resolve, reject) => {
      thread.once("message", resolve).once("error", reject);
    });
    await thread.terminate();
    assert.equal(encoded.length, errors.length);
    for (const [index, one] of encoded.entries()) {
      const sent = errors[index];
      const received = decodeError(one);
      if (sent instanceof TypeError) assert.equal(received.constructor, Error);
      else assert.equal(received.constructor, sent?.constructor);
      assert.equal(received.message, sent?.message);
      const { stack: _received, cause, ...fields } = fieldsOf(received);
      const { stack: _sent, cause: _none, ...sentFields } = fieldsOf(sent);
      assert.deepEqual(fields, sentFields);
      assert.match(String(cause), /thread-errors\.test\.ts:\d+/, "the cause says where it was thrown");
    }
  });

  test("an error of a class that core does not declare keeps its class if the reader names it", () => {
    const encoded = encodeError(new JobOpenError("another job is open"));
    const received = decodeError(encoded, { JobOpenError });
    assert.ok(received instanceof JobOpenError);
    assert.equal(received.message, "another job is open");
    assert.equal(decodeError(encoded).constructor, Error);
  });

  test("what was thrown and is no error comes as an error with its words", () => {
    const received = decodeError(encodeError("thrown words"));
    assert.equal(received.constructor, Error);
    assert.equal(received.message, "thrown words");
  });
}

function fieldsOf(error: Error | undefined): Record<string, unknown> {
  const names = error === undefined ? [] : Object.getOwnPropertyNames(error);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(error ?? {}, name)]));
}
