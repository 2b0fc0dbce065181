import assert from "node:assert/strict";
import { test } from "node:test";
import type { Queues } from "../../src/index.ts";
import { following, presence } from "./following.ts";

const empty: Queues = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 0 };

/** An open job of which nothing is queued. */
async function idle(missing: readonly string[] = []) {
  const live = await following({
    sources: ["photos"],
    depths: async () => empty,
    missingQueues: async () => missing,
  });
  const holding = (deliveries: number) => ({ holding: { deliveries, bytes: 0, quietMs: 0 } });
  return {
    lost: () => live.status.current().sources[0]?.lost,
    pass: (seconds: number) => live.clock.pass(seconds),
    /** Says it for as long as seconds pass. */
    async heard(source: Parameters<typeof holding>[0] | undefined, seconds: number, more: object = {}) {
      for (let passed = 0; passed < seconds; passed += 5) {
        const said = { name: "photos", pauses: [], ...(source !== undefined && holding(source)), ...more };
        live.status.notePresence(presence({ sources: [said] }));
        await live.clock.pass(5);
      }
    },
    close: () => live.scripted.close("incomplete"),
    [Symbol.dispose]: () => live[Symbol.dispose](),
  };
}

test("queues that are gone while a job is open are named, and no more when it is closed", async () => {
  using one = await idle(["brigade.photos.files"]);
  await one.pass(5);
  assert.deepEqual(one.lost(), { missing: ["brigade.photos.files"] });
  one.close();
  await one.pass(5);
  assert.equal(one.lost(), undefined);
});

test("messages are lost when for a while nothing is queued and every service reports that it holds nothing", async () => {
  using one = await idle();
  await one.heard(0, 10);
  assert.equal(one.lost(), undefined);
  await one.heard(0, 30);
  assert.deepEqual(one.lost(), { missing: [] });
});

test("nothing counts as lost while it waits, while a service holds it, or while a service has not reported", async () => {
  using one = await idle();
  await one.heard(2, 40);
  assert.equal(one.lost(), undefined);
  await one.heard(undefined, 40);
  assert.equal(one.lost(), undefined);
  await one.heard(0, 40, { waiting: { job: "job-1", messages: 3 } });
  assert.equal(one.lost(), undefined);
  await one.heard(0, 10, { waiting: { job: "job-1", messages: 0 } });
  assert.deepEqual(one.lost(), { missing: [] });
});
