import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  classify,
  type Failure,
  type FaultScope,
  HostError,
  MessageError,
  NameError,
  SourceError,
  type SourceErrorKind,
  SourcePaused,
} from "../src/index.ts";

const bySourceError: Readonly<Record<SourceErrorKind, Failure>> = {
  missing: { fault: "object", final: true },
  forbidden: { fault: "object", final: true },
  damaged: { fault: "object", final: false },
  "bad-cursor": { fault: "object", final: false },
  unauthorized: { fault: "source", stop: true, slowDown: false },
  banned: { fault: "source", stop: true, slowDown: false },
  misconfigured: { fault: "source", stop: true, slowDown: false },
  throttled: { fault: "source", stop: false, slowDown: true },
  unavailable: { fault: "object", final: false },
  transport: { fault: "object", final: false },
  "bad-listing": { fault: "object", final: false },
};

describe("classify", () => {
  for (const [kind, failure] of Object.entries(bySourceError)) {
    test(`blames the ${failure.fault} for "${kind}"`, () => {
      assert.deepEqual(classify(new SourceError(kind as SourceErrorKind, "no")), failure);
    });
  }

  test("goes by the scope, where the adapter saw that others share the fault, or do not", () => {
    const of = (kind: SourceErrorKind, scope: FaultScope, options = {}) =>
      classify(new SourceError(kind, "no", { scope }), options);
    const unreachable = { fault: "source", stop: false, slowDown: false };
    assert.deepEqual(of("transport", "origin"), unreachable);
    assert.deepEqual(of("transport", "origin", { manyOrigins: true }), { fault: "object", final: false });
    assert.deepEqual(of("misconfigured", "origin", { manyOrigins: true }), { fault: "object", final: true });
    assert.deepEqual(of("banned", "origin", { manyOrigins: true }), { fault: "object", final: false });
    assert.deepEqual(of("unauthorized", "object"), { fault: "object", final: true });
    assert.deepEqual(of("throttled", "object"), { fault: "object", final: false });
  });

  test("does not classify a request that was not sent, since the source is paused, as a failure", () => {
    assert.deepEqual(classify(new SourcePaused()), { fault: "cancelled" });
  });

  test("blames the host for its disks", () => {
    assert.deepEqual(classify(new HostError("full", "no")), { fault: "host" });
    assert.deepEqual(classify(new HostError("io", "no")), { fault: "host" });
  });

  test("classifies a name that no disk can hold as final", () => {
    assert.deepEqual(classify(new NameError("no")), { fault: "object", final: true });
  });

  test("classifies an unreadable message as the message's fault", () => {
    assert.deepEqual(classify(new MessageError("no")), { fault: "message" });
  });

  test("classifies the error of an aborted signal as our own leaving", async () => {
    assert.deepEqual(classify(AbortSignal.abort().reason), { fault: "cancelled" });
  });

  test("classifies everything else as a defect of the program", () => {
    for (const error of [new TypeError("x is not a function"), "a text", undefined]) {
      assert.deepEqual(classify(error), { fault: "bug" });
    }
  });
});

test("a source error keeps status, the wait asked for and the cause", () => {
  const cause = new Error("below");
  const error = new SourceError("throttled", "slow down", { status: 429, retryAfterMs: 5_000, cause });
  assert.deepEqual(
    [error.kind, error.status, error.retryAfterMs, error.cause],
    ["throttled", 429, 5_000, cause],
  );
  assert.ok(!("cause" in new SourceError("missing", "no")));
});
