import assert from "node:assert/strict";
import { test } from "node:test";
import { FatalError, HostError, isTransient, SourceError, triedInVain, tryAgain } from "../../src/index.ts";

/** Fails with each of `errors` in turn, then succeeds with "done". */
function failing(errors: readonly unknown[]) {
  const waits: number[] = [];
  let tries = 0;
  return {
    waits,
    tries: () => tries,
    run: async () => {
      const error = errors[tries++];
      if (error !== undefined) throw error;
      return "done";
    },
    common: {
      retries: 10,
      pauses: { first: 100, most: 1_000 },
      random: () => 1,
      delay: async (ms: number) => void waits.push(ms),
    },
  };
}

const signal = () => AbortSignal.timeout(10_000);
const refused = () => new SourceError("unavailable", "status 503");

test("what fails for a moment is tried again after growing pauses, until it succeeds", async () => {
  const { run, common, waits } = failing([refused(), refused(), refused()]);
  assert.equal(await tryAgain(run, common, signal()), "done");
  assert.deepEqual(waits, [100, 200, 400]);
});

test("the last error is thrown when the tries are used up", async () => {
  const { run, common, tries } = failing(Array.from({ length: 9 }, refused));
  await assert.rejects(tryAgain(run, { ...common, retries: 2 }, signal()), { message: "status 503" });
  assert.equal(tries(), 3);
});

test("a malformed answer is tried three times only, since it comes again as it is", async () => {
  const malformed = new SourceError("unavailable", "malformed", { isMalformed: true });
  const { run, common, tries } = failing(Array.from({ length: 9 }, () => malformed));
  await assert.rejects(tryAgain(run, { ...common, usedUp: triedInVain }, signal()), {
    name: "FatalError",
    message: "malformed (tried 3 times)",
  });
  assert.equal(tries(), 3);
});

test("what no other try can mend is thrown at once", async () => {
  for (const error of [
    new SourceError("missing", "status 404"),
    new SourceError("bad-cursor", "unknown cursor"),
    new SourceError("unauthorized", "status 401"),
    new HostError("full", "no space"),
    new FatalError("stop"),
    "a string",
  ]) {
    const { run, common, tries } = failing([error]);
    await assert.rejects(tryAgain(run, common, signal()), (thrown) => thrown === error);
    assert.equal(tries(), 1);
  }
});

test("a wait that the source demands is kept, unless it is too long", async () => {
  const throttled = (retryAfterMs: number) => new SourceError("throttled", "slow down", { retryAfterMs });
  const short = failing([throttled(3_000)]);
  await tryAgain(short.run, { ...short.common, longestRest: 5_000 }, signal());
  assert.deepEqual(short.waits, [3_000]);
  const long = failing([throttled(6_000)]);
  await assert.rejects(tryAgain(long.run, { ...long.common, longestRest: 5_000 }, signal()), {
    kind: "throttled",
  });
  assert.deepEqual(long.waits, []);
});

test("the caller may decide which errors are transient, and gets a call for each try", async () => {
  const { run, common } = failing([new HostError("io", "disk away"), new HostError("io", "disk away")]);
  const told: string[] = [];
  const policy = {
    ...common,
    mayPass: (error: Error) => error instanceof HostError,
    onRetry: ({ message }: Error, attempt: number) => void told.push(`${attempt} ${message}`),
  };
  assert.equal(await tryAgain(run, policy, signal()), "done");
  assert.deepEqual(told, ["0 disk away", "1 disk away"]);
});

test("nothing is tried again after the signal", async () => {
  const stopped = new AbortController();
  const { run, tries } = failing([refused(), refused()]);
  const asking = tryAgain(
    () => {
      stopped.abort();
      return run();
    },
    { retries: 10, pauses: { first: 100_000, most: 100_000 } },
    stopped.signal,
  );
  await assert.rejects(asking, { name: "AbortError" });
  assert.equal(tries(), 1);
});

test("a source that cannot be reached is transient, one that refuses our credentials is not", () => {
  assert.ok(isTransient(new SourceError("transport", "reset")));
  assert.ok(isTransient(new SourceError("throttled", "too fast")));
  assert.ok(!isTransient(new SourceError("unauthorized", "status 401")));
  assert.ok(!isTransient(new SourceError("banned", "status 403")));
  assert.ok(!isTransient(new Error("bug")));
});
