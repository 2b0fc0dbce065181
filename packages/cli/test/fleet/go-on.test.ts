import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ConfigError, type Source } from "@brigade/core";
import type { GoneOn, GoOn, JobRecord } from "@brigade/ledger";
import { goOnWithFleetJob } from "../../src/fleet/go-on.ts";
import { scriptedAdmin } from "../fakes.ts";

const request = { name: "photos", source: { fingerprint: "f1" } as Source, prefix: "", filters: {} };
const open: JobRecord = {
  id: "job-1",
  source: "photos",
  fingerprint: "f1",
  prefix: "",
  filters: {},
  startedAt: 1,
  state: "open",
};

async function goOn(jobs: readonly JobRecord[], answers: GoneOn[], made = true) {
  const asked: GoOn[] = [];
  const told: string[] = [];
  const { admin, calls } = scriptedAdmin({ made });
  const ledger = {
    jobs: async () => jobs,
    goOn: async (_id: string, how: GoOn) => {
      asked.push(how);
      return answers.shift() ?? assert.fail("it was asked once too often");
    },
  };
  const { signal } = new AbortController();
  const parts = {
    ledger,
    admin,
    signal,
    tell: (text: string) => void told.push(text),
    warmUpMs: 1,
    askEveryMs: 1,
  };
  return { asked, told, calls, went: await goOnWithFleetJob(request, parts) };
}

describe("start --again", () => {
  test("makes the queues, waits for what services have in hand, and says what is listed again", async () => {
    const waits = { waits: "soon", reason: "services have 2 messages in hand" } as const;
    const { asked, told, calls, went } = await goOn([open], [waits, waits, { objects: 1, directories: 2 }]);
    assert.deepEqual(calls, ["declare", "acceptsMessages"]);
    assert.deepEqual(asked, Array(3).fill({ brokerIsNew: true }));
    assert.deepEqual([went.job, went.objects, went.directories], [open, 1, 2]);
    const [, waiting, last] = told;
    assert.deepEqual([told.length, waiting], [3, "waiting: services have 2 messages in hand"]);
    assert.match(last ?? "", /^the job job-1 goes on: 2 directories .*, 1 objects/);
  });

  test("changes nothing where the broker has its queues and the job is at work", async () => {
    const { told, went } = await goOn(
      [open],
      [{ waits: "busy", reason: "messages wait in queues: files 3" }],
      false,
    );
    assert.deepEqual([went.objects, went.directories], [0, 0]);
    assert.match(told.join(), /is at work \(messages wait in queues: files 3\): nothing was changed/);
  });

  test("touches nothing when the job is complete", async () => {
    const { calls, told } = await goOn([{ ...open, state: "complete" }], []);
    assert.deepEqual(calls, []);
    assert.match(told.join(), /is complete: nothing is missing/);
  });

  for (const [what, jobs, reason] of [
    ["there is no job", [], /there is no job of "photos": `brigade start photos`/],
    [
      "the job was cancelled",
      [open, { ...open, state: "cancelled" }],
      /was cancelled: `brigade start photos`/,
    ],
    ["the source has other settings now", [{ ...open, fingerprint: "f0" }], /other settings of "photos"/],
    [
      "the job is set apart",
      [{ ...open, unreadable: "torn" }],
      /cannot be read \(torn\): `brigade cancel photos`/,
    ],
  ] as const) {
    test(`is refused when ${what}`, async () => {
      await assert.rejects(goOn(jobs, []), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.match(error.message, reason);
        return true;
      });
    });
  }
});
