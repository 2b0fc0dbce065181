import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Breaker, FatalError } from "../src/index.ts";

/** A breaker whose waits pass at once, with the clock moved on by them; `probe` is scripted. */
function setUp({
  limitMs = 600_000,
  probe = async () => {},
}: {
  limitMs?: number;
  probe?: () => Promise<void>;
} = {}) {
  const leaving = new AbortController();
  const clock = { now: 1_000_000 };
  const waits: number[] = [];
  const events: string[] = [];
  const ended = Promise.withResolvers<FatalError | undefined>();
  let probes = 0;
  const breaker = new Breaker({
    limitMs,
    signal: leaving.signal,
    now: () => clock.now,
    delay: async (ms, signal) => {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      waits.push(ms);
      clock.now += ms;
    },
    probe: async () => {
      probes++;
      await probe();
    },
    onOpen: (reason) => events.push(`open: ${reason}`),
    onClose: (pausedMs) => {
      events.push(`close after ${pausedMs}`);
      ended.resolve(undefined);
    },
    onGiveUp: (error) => {
      events.push("give up");
      ended.resolve(error);
    },
  });
  return { breaker, clock, waits, events, leaving, ended: ended.promise, probes: () => probes };
}

async function fails(): Promise<void> {
  throw new Error("still ill");
}

describe("a breaker", () => {
  test("stays closed while failures are the smaller part", async () => {
    const { breaker, events } = setUp();
    for (let i = 0; i < 500; i++) {
      if (i % 4 === 0) breaker.succeeded();
      else breaker.failed("one of many");
    }
    assert.deepEqual([breaker.isOpen, events], [false, []]);
  });

  test("opens when most of the recent requests failed, and not one failure earlier", () => {
    const { breaker, events } = setUp({ probe: fails });
    for (let i = 0; i < 1_000; i++) breaker.succeeded();
    for (let i = 0; i < 31; i++) breaker.failed("503");
    assert.equal(breaker.isOpen, false);
    breaker.failed("503");
    assert.deepEqual([breaker.isOpen, events], [true, ["open: 503"]]);
  });

  test("forgets failures that lie further back than its window", () => {
    const { breaker } = setUp();
    for (let i = 0; i < 31; i++) breaker.failed("503");
    for (let i = 0; i < 40; i++) breaker.succeeded();
    for (let i = 0; i < 31; i++) breaker.failed("503");
    assert.equal(breaker.isOpen, false);
  });

  test("opens at once when everything fails, and tells it once", () => {
    const { breaker, events } = setUp({ probe: fails });
    breaker.succeeded();
    breaker.failed("401", { everything: true });
    breaker.failed("401", { everything: true });
    for (let i = 0; i < 40; i++) breaker.failed("503");
    assert.deepEqual(events, ["open: 401"]);
  });

  test("closes after the first good probe, says how long it was open, and starts afresh", async () => {
    let ill = 3;
    const { breaker, clock, events, waits, ended, probes } = setUp({
      probe: async () => {
        if (ill-- > 0) throw new Error("still ill");
      },
    });
    const opened = clock.now;
    for (let i = 0; i < 32; i++) breaker.failed("503");
    assert.equal(await ended, undefined);
    assert.equal(breaker.isOpen, false);
    assert.equal(probes(), 4);
    assert.deepEqual(events, ["open: 503", `close after ${clock.now - opened}`]);
    assert.ok(
      waits.every((wait, i) => i === 0 || wait >= (waits[i - 1] ?? 0)),
      `pauses grow: ${waits}`,
    );
    for (let i = 0; i < 31; i++) breaker.failed("503");
    assert.equal(breaker.isOpen, false, "failures from before the pause do not count");
    assert.equal(await breaker.isWell(opened), true, "the probe was a success");
    breaker.failed("503");
    assert.equal(breaker.isOpen, true, "new ones do");
  });

  test("opens again when the source falls ill again", async () => {
    const { breaker, events, ended } = setUp();
    breaker.failed("banned", { everything: true });
    await ended;
    breaker.failed("banned", { everything: true });
    assert.equal(events.filter((event) => event.startsWith("open")).length, 2);
  });

  test("gives up after the limit, naming what it last saw, and not before", async () => {
    const { breaker, clock, waits, ended, events } = setUp({ limitMs: 300_000, probe: fails });
    const opened = clock.now;
    breaker.failed("503", { everything: true });
    const error = await ended;
    assert.ok(error instanceof FatalError);
    assert.match(error.message, /300 s: still ill/);
    assert.equal(clock.now - opened, 300_000, "the last pause is cut to what is left");
    assert.ok(waits.every((wait) => wait <= 60_000));
    assert.deepEqual([breaker.isOpen, events.at(-1)], [true, "give up"]);
  });

  test("stops probing when the signal is aborted, with no callback", async () => {
    const { breaker, leaving, events, probes } = setUp({ probe: fails });
    breaker.failed("503", { everything: true });
    leaving.abort();
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([events, probes()], [["open: 503"], 0]);
  });
});

describe("whether the source is well", () => {
  test("is answered by a success since then, without asking", async () => {
    const { breaker, clock, probes } = setUp({ probe: fails });
    const since = clock.now;
    clock.now += 10;
    breaker.succeeded();
    assert.deepEqual([await breaker.isWell(since), probes()], [true, 0]);
  });

  test("is asked of the source when the last success is older", async () => {
    const { breaker, clock, probes } = setUp();
    breaker.succeeded();
    clock.now += 10;
    assert.deepEqual([await breaker.isWell(clock.now), probes()], [true, 1]);
    assert.deepEqual([await breaker.isWell(clock.now), probes()], [true, 1], "the probe is a success itself");
  });

  test("is no when the source does not answer the probe", async () => {
    const { breaker, clock } = setUp({ probe: fails });
    assert.equal(await breaker.isWell(clock.now), false);
  });

  test("is asked once for all who wonder at the same time", async () => {
    const { breaker, clock, probes } = setUp({ probe: fails });
    const answers = await Promise.all([1, 2, 3].map(() => breaker.isWell(clock.now)));
    assert.deepEqual([answers, probes()], [[false, false, false], 1]);
    assert.equal(await breaker.isWell(clock.now), false);
    assert.equal(probes(), 2, "and again later");
  });

  test("is no while the breaker is open, whatever succeeded meanwhile", async () => {
    const { breaker, clock } = setUp({ probe: fails });
    breaker.failed("401", { everything: true });
    breaker.succeeded();
    assert.equal(await breaker.isWell(clock.now), false);
  });
});
