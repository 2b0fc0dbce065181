import assert from "node:assert/strict";
import { test } from "node:test";
import { type ObjectBody, SourceError } from "@brigade/core";
import { type LimitChange, withLimit } from "../src/index.ts";
import { signal } from "./scenario.ts";
import { ScriptedBody, scriptedSource } from "./scripted-source.ts";

const object = { key: "a", size: 3, modified: 1 };
const throttled = (retryAfterMs?: number) =>
  new SourceError("throttled", "429", { status: 429, retryAfterMs });
const settle = () => new Promise(setImmediate);

/** A limited source with a clock that is turned by hand. */
function setup(most: number, script: Parameters<typeof scriptedSource>[0]) {
  const clock = { now: 10_000 };
  const alarms: { at: number; ring: () => void }[] = [];
  const changes: LimitChange[] = [];
  const { source, asked } = scriptedSource(script);
  const limited = withLimit(source, {
    most,
    now: () => clock.now,
    delay: (ms) => new Promise((resolve) => alarms.push({ at: clock.now + ms, ring: resolve })),
    onChange: (change) => changes.push(change),
  });
  async function turn(ms: number): Promise<void> {
    clock.now += ms;
    for (const alarm of alarms.splice(0)) {
      if (alarm.at <= clock.now) alarm.ring();
      else alarms.push(alarm);
    }
    await settle();
  }
  const open = (by = signal()) => limited.open(object, undefined, by);
  return { limited, asked, changes, turn, open, alarms };
}

const bodies = (count: number) => Array.from({ length: count }, () => new ScriptedBody());

async function finish(opened: ObjectBody, scripted: ScriptedBody | undefined): Promise<void> {
  scripted?.end();
  assert.equal((await opened.bytes()).byteLength, 3);
}

test("begins with half, and holds a place until the body has ended", async () => {
  const script = bodies(3);
  const { limited, asked, open } = setup(4, [...script]);
  assert.equal(limited.limit.limit, 2);
  const first = await open();
  await open();
  const third = open();
  await settle();
  assert.equal(asked.length, 2, "a third body was opened beside two");
  await finish(first, script[0]);
  await third;
  assert.equal(asked.length, 3);
});

for (const [title, leave] of [
  ["was cancelled", (body: ObjectBody) => body.cancel()],
  ["broke", (body: ObjectBody) => assert.rejects(body.bytes())],
  ["ended by chunks", (body: ObjectBody) => Array.fromAsync(body.chunks()).catch(() => {})],
  [
    "was left by its reader",
    async (body: ObjectBody) => {
      const chunks = body.chunks()[Symbol.asyncIterator]();
      await chunks.next().catch(() => {});
      await chunks.return?.();
    },
  ],
] as const) {
  test(`gives the place back when a body ${title}, once`, async () => {
    const script = bodies(4);
    const { limited, open } = setup(2, [...script]);
    const body = await open();
    script[0]?.break(new SourceError("transport", "reset"));
    await leave(body);
    body.cancel();
    assert.equal(limited.limit.running, 0);
    await open();
    assert.equal(limited.limit.running, 1);
  });
}

test("gives the place back when opening failed", async () => {
  const { limited, open } = setup(2, [new SourceError("missing", "404"), ...bodies(1)]);
  await assert.rejects(open(), { kind: "missing" });
  assert.equal(limited.limit.running, 0);
  await open();
});

test("passes on what the body says", async () => {
  const { open } = setup(2, bodies(1));
  const { size, md5, modified, variant } = await open();
  assert.deepEqual([size, md5, modified, variant], [3, "a".repeat(32), 1, false]);
});

test("grows by one after as many successes as there are places, up to the most", async () => {
  const script = bodies(20);
  const { limited, changes, open } = setup(4, [...script]);
  const limits: number[] = [];
  for (const body of script.slice(0, 7)) {
    await finish(await open(), body);
    limits.push(limited.limit.limit);
  }
  assert.deepEqual(limits, [2, 3, 3, 3, 4, 4, 4]);
  assert.deepEqual(
    changes.map(({ limit }) => limit),
    [3, 4],
  );
});

test("halves on 429 and 503, at most once a second, never below one", async () => {
  const outage = () => new SourceError("unavailable", "503", { status: 503 });
  const { limited, changes, open, turn } = setup(16, [
    throttled(),
    throttled(),
    outage(),
    throttled(),
    outage(),
    throttled(),
  ]);
  const limits: number[] = [];
  for (const pause of [0, 999, 1, 1000, 1000, 1000]) {
    await turn(pause);
    await assert.rejects(open());
    limits.push(limited.limit.limit);
  }
  assert.deepEqual(limits, [4, 4, 2, 1, 1, 1]);
  assert.deepEqual(
    changes,
    [4, 2, 1].map((limit) => ({ limit, reason: "slower" })),
  );
});

test("does not slow down for other failures", async () => {
  const { limited, open } = setup(16, [
    new SourceError("unavailable", "500", { status: 500 }),
    new SourceError("unavailable", "404", { status: 404, retryAfterMs: 300_000 }),
    new SourceError("transport", "reset"),
    ...bodies(1),
  ]);
  for (let i = 0; i < 3; i++) await assert.rejects(open());
  assert.equal(limited.limit.limit, 8);
  await open();
});

test("starts nothing before the time that the other side asked for", async () => {
  const { asked, open, turn } = setup(16, [throttled(2500), ...bodies(2)]);
  await assert.rejects(open());
  const waiting = [open(), open()];
  for (const ms of [1000, 1000, 499]) await turn(ms);
  assert.equal(asked.length, 1);
  await turn(1);
  await turn(999);
  await Promise.all(waiting);
  assert.equal(asked.length, 3);
});

test("leaves the queue when aborted, and takes no place", async () => {
  const script = bodies(3);
  const { limited, asked, open } = setup(2, [...script]);
  const first = await open();
  const control = new AbortController();
  const waiting = open(control.signal);
  const after = open();
  control.abort(new Error("any reason"));
  await assert.rejects(waiting, { name: "AbortError" });
  await assert.rejects(open(control.signal), { name: "AbortError" });
  await finish(first, script[0]);
  await after;
  assert.deepEqual([asked.length, limited.limit.running], [2, 1]);
});

test("does not limit pages and metadata", async () => {
  const { limited, asked, open } = setup(1, [...bodies(1), "page", undefined]);
  await open();
  await limited.listPage("d", undefined, signal());
  await limited.stat("a", signal());
  assert.equal(asked.length, 3);
});

test("is not slowed down by too many requests for one object", async () => {
  const busy = new SourceError("throttled", "429", { status: 429, scope: "object" });
  const { limited, open } = setup(8, [busy]);
  await assert.rejects(open());
  assert.equal(limited.limit.limit, 4);
  assert.equal(limited.limit.running, 0);
});

test("grows by bodies of which the reader wanted a part only", async () => {
  const script = bodies(4);
  const { limited, open } = setup(4, [...script]);
  for (const scripted of script.slice(0, 2)) {
    const body = await open();
    scripted.end();
    for await (const _ of body.chunks()) break;
  }
  assert.equal(limited.limit.limit, 3);
  assert.equal(limited.limit.running, 0);
});
