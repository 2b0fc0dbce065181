import assert from "node:assert/strict";
import { test } from "node:test";
import { damagedDatabase, databaseError, FatalError, HostError, isDamage } from "../../src/index.ts";

const file = { what: "the accounts", path: "/state/a.sqlite", ifDamaged: "restore them" };
const sqlite = (errcode: number) => Object.assign(new Error("as SQLite says"), { errcode });
const told = (errcode: number) => databaseError(sqlite(errcode), file);

/** https://sqlite.org/rescode.html, extended codes included. */
const codes = {
  full: [13],
  io: [8, 264, 520, 776, 1032, 1288, 1544, 10, 266, 778, 1034, 1290, 1546, 1802, 2058, 3850, 7178],
  damaged: [11, 267, 523, 779, 26, 522, 8202, 8458],
  refused: [3, 5, 6, 261, 14, 270, 526, 782],
};

test("what may pass is the host's fault, by whether its disk is full; it names the file and a remedy", () => {
  for (const kind of ["full", "io"] as const) {
    for (const code of codes[kind]) {
      const error = told(code);
      assert.ok(error instanceof HostError && error.kind === kind, `code ${code}`);
      assert.ok(error.message.includes("the accounts /state/a.sqlite"), error.message);
      assert.doesNotMatch(error.message, /undefined/);
    }
  }
  assert.match(told(13)?.message ?? "", /free some space/);
  assert.match(told(778)?.message ?? "", /failed while writing the accounts.*dmesg/);
  assert.match(told(1032)?.message ?? "", /moved or deleted/);
});

test("damage, also what is found without SQLite, is final and says what to do", () => {
  for (const error of [...codes.damaged.map(sqlite), damagedDatabase("a row is missing")]) {
    assert.ok(isDamage(error));
    const inWords = databaseError(error, file);
    assert.ok(inWords instanceof FatalError);
    assert.match(inWords.message, /a\.sqlite is damaged \(.*\): restore them/);
  }
});

test("a file that another process has, or that cannot be opened, is final", () => {
  for (const code of codes.refused) assert.ok(told(code) instanceof FatalError, `code ${code}`);
  assert.match(told(5)?.message ?? "", /in use by another process/);
  assert.match(told(14)?.message ?? "", /cannot be opened/);
});

test("a system's error while the file is made is the host's; anything else is about something else", () => {
  const system = Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", syscall: "mkdir" });
  const error = databaseError(system, file);
  assert.ok(error instanceof HostError && error.kind === "full");
  for (const other of [new TypeError("ours"), sqlite(1), sqlite(19), "text"])
    assert.equal(databaseError(other, file), undefined);
  assert.equal(isDamage(new TypeError("ours")), false);
});
