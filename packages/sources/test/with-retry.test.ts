import assert from "node:assert/strict";
import { test } from "node:test";
import { NameError, SourceError, type SourceErrorKind } from "@brigade/core";
import { withRetry } from "../src/index.ts";
import { signal } from "./scenario.ts";
import { ScriptedBody, scriptedSource } from "./scripted-source.ts";

const object = { key: "a", size: 3, modified: 1 };

function setup(script: Parameters<typeof scriptedSource>[0], random = () => 1) {
  const waits: number[] = [];
  const { source, asked } = scriptedSource(script);
  const delay = async (ms: number, by: AbortSignal) => {
    by.throwIfAborted();
    waits.push(ms);
  };
  return { source: withRetry(source, { delay, random }), asked, waits };
}

const error = (kind: SourceErrorKind, retryAfterMs?: number) => new SourceError(kind, kind, { retryAfterMs });

test("is the source that it wraps", () => {
  const { source } = setup([]);
  assert.deepEqual([source.fingerprint, source.variant, source.manyOrigins], ["print", "!s400", true]);
});

for (const kind of ["transport", "unavailable", "throttled", "damaged", "bad-listing"] as const) {
  test(`tries again after ${kind}, with growing pauses`, async () => {
    const body = new ScriptedBody();
    const { source, asked, waits } = setup([error(kind), error(kind), body]);
    assert.equal(await source.open(object, undefined, signal()), body);
    assert.deepEqual(asked, ["open a", "open a", "open a"]);
    assert.deepEqual(waits, [200, 400]);
  });
}

for (const kind of [
  "missing",
  "forbidden",
  "unauthorized",
  "banned",
  "misconfigured",
  "bad-cursor",
] as const) {
  test(`passes ${kind} on at once`, async () => {
    const { source, asked } = setup([error(kind), "page"]);
    await assert.rejects(source.listPage("d", undefined, signal()), { kind });
    assert.equal(asked.length, 1);
  });
}

test("passes what is no source's error on at once", async () => {
  const { source, asked } = setup([new NameError("x"), undefined]);
  await assert.rejects(source.stat("a", signal()), { name: "NameError" });
  assert.equal(asked.length, 1);
});

test("throws the last error after three tries", async () => {
  const { source, asked } = setup([error("transport"), error("transport"), error("unavailable")]);
  await assert.rejects(source.stat("a", signal()), { kind: "unavailable" });
  assert.equal(asked.length, 3);
});

test("waits as long as it is asked to, up to a few seconds; longer is for others", async () => {
  const short = setup([error("throttled", 3000), undefined]);
  await short.source.stat("a", signal());
  assert.deepEqual(short.waits, [3000]);
  const long = setup([error("throttled", 6000), undefined]);
  await assert.rejects(long.source.stat("a", signal()), { retryAfterMs: 6000 });
  assert.deepEqual([long.waits, long.asked.length], [[], 1]);
});

test("waits between half a pause and a whole one, by chance", async () => {
  const { source, waits } = setup([error("transport"), error("transport"), undefined], () => 0);
  await source.stat("a", signal());
  assert.deepEqual(waits, [100, 200]);
});

test("stops waiting when it is aborted", async () => {
  const { source } = scriptedSource([error("transport"), undefined]);
  const control = new AbortController();
  const running = withRetry(source).stat("a", control.signal);
  control.abort();
  await assert.rejects(running, { name: "AbortError" });
});
