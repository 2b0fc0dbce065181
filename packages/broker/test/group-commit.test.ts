import assert from "node:assert/strict";
import { test } from "node:test";
import { GroupCommit } from "../src/embedded/group-commit.ts";
import type { Outcome, Request, Trouble } from "../src/embedded/protocol.ts";

const sync = (ticket: number): Request => ({ kind: "sync", ticket });

/** Transactions that fail as they are told. */
function fixture() {
  const committed: (readonly Request[])[] = [];
  const troubles: Trouble["trouble"][] = [];
  const outcomes: Outcome[] = [];
  const told: { fails?: (requests: readonly Request[]) => number | undefined } = {};
  let recoveries = 0;
  const commits = new GroupCommit(
    {
      commit(requests) {
        const errcode = told.fails?.(requests);
        if (errcode !== undefined) throw Object.assign(new Error("disk I/O error"), { errcode });
        committed.push(requests);
        return { kind: "outcome", answers: [], handedOut: [], nextDue: undefined };
      },
      checkpoint() {},
      close() {},
    },
    {
      outcome: (outcome) => outcomes.push(outcome),
      trouble: ({ trouble }) => troubles.push(trouble),
      recovered: () => recoveries++,
    },
  );
  return { commits, committed, outcomes, troubles, told, recoveries: () => recoveries };
}

test("requests that came together are committed together", () => {
  const { commits, committed } = fixture();
  commits.commit([sync(1), { kind: "ack", id: 7 }, sync(2)]);
  assert.deepEqual(committed, [[sync(1), { kind: "ack", id: 7 }, sync(2)]]);
});

test("on a full disk settlements go first and alone, the rest is kept in order and tried again", () => {
  const { commits, committed, troubles, told, recoveries } = fixture();
  told.fails = (requests) => (requests.some(({ kind }) => kind === "sync") ? 13 : undefined);
  commits.commit([sync(1), { kind: "ack", id: 7 }, sync(2)]);
  assert.deepEqual(committed, [[{ kind: "ack", id: 7 }]]);
  assert.equal(commits.full, true);
  commits.retry();
  assert.deepEqual([troubles, recoveries()], [["full"], 0]);
  delete told.fails;
  commits.retry();
  assert.deepEqual(committed.at(-1), [sync(1), sync(2)]);
  assert.deepEqual([commits.full, troubles, recoveries()], [false, ["full"], 1]);
});

test("after a write error of the disk nothing is committed or answered any more", () => {
  const { commits, committed, outcomes, troubles, told } = fixture();
  told.fails = () => 10 | (4 << 8);
  commits.commit([sync(1)]);
  delete told.fails;
  commits.commit([sync(2)]);
  commits.retry();
  assert.deepEqual([committed, outcomes, troubles], [[], [], ["io"]]);
});
