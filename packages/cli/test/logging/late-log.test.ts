import assert from "node:assert/strict";
import { test } from "node:test";
import type { Log } from "@brigade/core";
import { lateLog } from "../../src/logging/late-log.ts";

/** A log that notes its lines, and how often one was made. */
function notes() {
  const lines: string[] = [];
  let made = 0;
  const log = (place: string): Log => {
    const line = (level: string) => (fields: object, message: string) =>
      void lines.push(`${level}${place} ${JSON.stringify(fields)} ${message}`);
    return {
      debug: line("debug"),
      info: line("info"),
      warn: line("warn"),
      error: line("error"),
      child: (fields) => log(`${place} ${JSON.stringify(fields)}`),
    };
  };
  const make = () => {
    made++;
    return log("");
  };
  return { lines, make, made: () => made };
}

test("a log is made with its first line, once", () => {
  const { lines, make, made } = notes();
  const log = lateLog("info", make);
  const child = log.child({ source: "photos" });
  assert.equal(made(), 0);
  child.info({ a: 1 }, "first");
  log.error({}, "second");
  assert.equal(made(), 1);
  assert.deepEqual(lines, ['info {"source":"photos"} {"a":1} first', "error {} second"]);
});

test("a line below the level makes no log", () => {
  const { lines, make, made } = notes();
  lateLog("error", make).warn({}, "a warning");
  lateLog("silent", make).error({}, "an error");
  lateLog("info", make).child({}).debug({}, "a detail");
  assert.equal(made(), 0);
  lateLog("trace", make).debug({}, "a detail");
  assert.deepEqual(lines, ["debug {} a detail"]);
});
