import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError } from "@brigade/core";
import { RecordingLog } from "../../../../test/logs.ts";
import { type Begin, Workers } from "../../src/service/workers.ts";
import { until } from "../fakes.ts";

/** Workers of a service; its sources rest until the test says so. */
function service() {
  const log = new RecordingLog();
  const leaving = new AbortController();
  const troubles: unknown[] = [];
  const rests: { readonly ms: number; readonly over: () => void }[] = [];
  const workers = new Workers({
    log,
    signal: leaving.signal,
    onTrouble: (error) => troubles.push(error),
    delay: (ms) => new Promise((over) => rests.push({ ms, over })),
  });
  return { log, leaving, troubles, rests, workers };
}

/**
 * A source's work, and what became of it: how often it was begun, what to call to give up, and with
 * what grace it was stopped.
 */
function work(pauses: readonly string[] = []) {
  const seen = { begun: 0, giveUp: (_: FatalError) => {}, stops: [] as number[] };
  const begin: Begin = async (onGiveUp) => {
    seen.begun++;
    seen.giveUp = onGiveUp;
    return { pauses, received: 7, stop: async (graceMs) => void seen.stops.push(graceMs) };
  };
  return { seen, begin };
}

test("a source that cannot be used rests, with one line; the others go on, and it is tried again later", async () => {
  const { log, leaving, troubles, rests, workers } = service();
  const [bad, good] = [work(), work(["back-pressure"])];
  await Promise.all([workers.add("bad", bad.begin), workers.add("good", good.begin)]);
  bad.seen.giveUp(new FatalError("the operator is not known"));
  await until("it rests", () => rests.length === 1);
  assert.deepEqual(workers.pauses, {
    bad: ["cannot be used: the operator is not known"],
    good: ["back-pressure"],
  });
  assert.deepEqual(
    log.told.map(({ level, fields: { source, reason } }) => ({ level, source, reason })),
    [{ level: "error", source: "bad", reason: "the operator is not known" }],
  );
  assert.deepEqual([bad.seen.stops, good.seen.stops, troubles], [[0], [], []]);
  assert.equal(rests[0]?.ms, 600_000);

  rests[0]?.over();
  await until("it is tried again", () => bad.seen.begun === 2);
  await until("it is shown as at work", () => workers.pauses.bad?.length === 0);
  assert.equal(workers.received("bad"), 7);

  bad.seen.giveUp(new FatalError("still not"));
  await until("it rests again", () => rests.length === 2);
  leaving.abort();
  await workers.stop(30);
  assert.deepEqual([bad.seen.stops, good.seen.stops], [[0, 0], [30]], "what rests is not stopped again");
});

test("where no source can be used the service ends with the reason of the last one", async () => {
  const { troubles, workers } = service();
  const [first, second] = [work(), work()];
  await Promise.all([workers.add("first", first.begin), workers.add("second", second.begin)]);
  first.seen.giveUp(new FatalError("one"));
  await until("the first one rests", () => first.seen.stops.length === 1);
  const last = new FatalError("two");
  second.seen.giveUp(last);
  await until("the service is told", () => troubles.length === 1);
  assert.deepEqual(troubles, [last]);
});

test("a service with one source ends when that one cannot be used", async () => {
  const { troubles, log, workers } = service();
  const only = work();
  await workers.add("only", only.begin);
  const error = new FatalError("the operator is not known");
  only.seen.giveUp(error);
  await until("the service is told", () => troubles.length === 1);
  assert.deepEqual([troubles, log.messages], [[error], []]);
});

test("what fails while a source is tried again is the service's trouble", async () => {
  const { troubles, rests, workers } = service();
  const seen = { begun: 0, giveUp: (_: FatalError) => {} };
  const bad: Begin = async (onGiveUp) => {
    if (seen.begun++ > 0) throw new Error("ours");
    seen.giveUp = onGiveUp;
    return { pauses: [], stop: async () => {} };
  };
  await Promise.all([workers.add("bad", bad), workers.add("good", work().begin)]);
  seen.giveUp(new FatalError("no"));
  await until("it rests", () => rests.length === 1);
  rests[0]?.over();
  await until("the service is told", () => troubles.length === 1);
  assert.match(String(troubles[0]), /ours/);
});
