import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServiceStatus, Status } from "@brigade/ledger";
import { stillUnderWay } from "../../../src/service/ledger/going-on.ts";

const job = { id: "job", source: "photos", state: "open" } as const;
const empty = { directories: 0, files: 0, retry: 0, wait: 0, records: 0, dead: 0 };
const at = 1_000_000;

interface Given {
  readonly queues?: Partial<typeof empty>;
  /** Milliseconds since when nothing has come. */
  readonly idleMs?: number;
  readonly held?: number;
  readonly waiting?: number;
  readonly isSilent?: boolean;
  readonly trouble?: string;
}

function status({ queues = {}, idleMs, held = 0, waiting, isSilent, trouble }: Given): Status {
  const photos = {
    name: "photos",
    holding: { deliveries: held, bytes: 0, quietMs: 0 },
    ...(waiting !== undefined && { waiting: { job: "job", messages: waiting } }),
  };
  return {
    at,
    ...(trouble !== undefined && { brokerTrouble: trouble }),
    sources: [
      {
        source: "photos",
        job: { ...job, ...(idleMs !== undefined && { idle: { since: at - idleMs } }) },
        queues: { ...empty, ...queues },
      },
    ],
    services: [{ sources: [photos], ...(isSilent && { silentSince: at - 1 }) } as unknown as ServiceStatus],
  } as unknown as Status;
}

function waits(given: Given, brokerIsNew = true, wentOnAt = -Infinity): string | undefined {
  return stillUnderWay(status(given), job, { brokerIsNew }, wentOnAt)?.waits;
}

test("a job goes on when nothing is queued or in hand, and nothing has come for 20 s", () => {
  assert.equal(waits({ idleMs: 20_000 }), undefined);
  assert.equal(waits({ idleMs: 20_000, queues: { dead: 3 } }), undefined);
  assert.equal(waits({ idleMs: 19_000 }), "soon");
  assert.equal(waits({}), "soon");
  assert.equal(waits({ idleMs: 60_000 }, true, at - 19_000), "soon", "it went on a moment ago");
  assert.equal(waits({ idleMs: 60_000, trouble: "not connected to the broker" }), "soon");
});

test("a closed job goes on at once", () => {
  const closed = { ...job, state: "incomplete" } as const;
  assert.equal(stillUnderWay(status({}), closed, { brokerIsNew: false }, -Infinity), undefined);
});

test("a job with work in queues is busy, whatever the broker was", () => {
  for (const brokerIsNew of [true, false])
    assert.equal(waits({ idleMs: 20_000, queues: { records: 1 } }, brokerIsNew), "busy");
});

test("what services hold is waited for after a loss, and means work if the broker has its queues", () => {
  assert.equal(waits({ idleMs: 60_000, held: 2 }, true), "soon");
  assert.equal(waits({ idleMs: 60_000, held: 2 }, false), "busy");
  assert.equal(waits({ idleMs: 60_000, held: 2, isSilent: true }, false), undefined);
});

test("messages that were in wait queues of a broker that is new are lost; in others they count for 11 minutes", () => {
  assert.equal(waits({ idleMs: 60_000, waiting: 3 }, true), undefined);
  assert.equal(waits({ idleMs: 659_000, waiting: 3 }, false), "busy");
  assert.equal(waits({ idleMs: 660_000, waiting: 3 }, false), undefined);
});
