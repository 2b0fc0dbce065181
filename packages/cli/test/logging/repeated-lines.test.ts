import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Log } from "@brigade/core";
import { RepeatedLines, withoutRepetition } from "../../src/logging/repeated-lines.ts";

/** What is written, as "level message", with the fields of each line. */
function recorded(t: TestContext) {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let now = 0;
  const lines: string[] = [];
  const fieldsOf: object[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push(`${level} ${message}`);
    fieldsOf.push(fields);
  };
  const sink: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => ({ ...sink, warn: (own, message) => at("warn")({ ...fields, ...own }, message) }),
  };
  const repeated = new RepeatedLines(() => now);
  return {
    lines,
    fieldsOf,
    repeated,
    log: withoutRepetition(sink, repeated),
    pass(seconds: number) {
      for (let second = 0; second < seconds; second++) {
        now += 1_000;
        t.mock.timers.tick(1_000);
      }
    },
  };
}

test("of 200,000 refused objects five are named at once, the rest by their number, and none is lost at the end", (t) => {
  const { log, lines, fieldsOf, repeated, pass } = recorded(t);
  for (let number = 0; number < 200_000; number++) {
    const key = `2019/05/picture-${number}.jpg`;
    log.warn({ key, attempt: 0, reason: `status 403 for "${key}" (request ${number})` }, "failed");
    if (number % 10_000 === 9_999) pass(6);
  }
  repeated.flush();
  assert.deepEqual(lines.slice(0, 6), [...Array(5).fill("warn failed"), "warn failed (19995 like this one)"]);
  assert.ok(lines.length < 12, lines.join("\n"));
  const counted = fieldsOf.reduce((sum, fields) => sum + ("count" in fields ? Number(fields.count) : 1), 0);
  assert.equal(counted, 200_000);
  assert.ok("key" in (fieldsOf.at(-1) ?? {}), "with an example");
});

test("a line that says the very same again is written once, and later with how often", (t) => {
  const { log, lines, pass } = recorded(t);
  for (let time = 0; time < 44; time++) log.warn({ reason: "the store has banned us" }, "fetching pauses");
  assert.deepEqual(lines, ["warn fetching pauses"]);
  pass(11);
  assert.deepEqual(lines, ["warn fetching pauses", "warn fetching pauses (43 like this one)"]);
  pass(600);
  log.warn({ reason: "the store has banned us" }, "fetching pauses");
  assert.equal(lines.length, 3, "what comes again much later is news");
});

test("what comes now and then, other reasons, other levels and other sources are not kept back", (t) => {
  const { log, lines, pass } = recorded(t);
  for (let time = 0; time < 20; time++) {
    log.info({ listed: time }, "progress");
    pass(30);
  }
  assert.equal(lines.length, 20);
  const statuses = [403, 404, 500, 502, 503];
  for (const status of statuses) log.warn({ key: "a", reason: `status ${status}` }, "failed");
  const one = log.child({ source: "one" });
  const two = log.child({ source: "two" });
  for (const source of [one, two]) for (let n = 0; n < 5; n++) source.warn({ n }, "gone");
  for (let n = 0; n < 100; n++) log.debug({ n }, "detail");
  assert.equal(lines.length, 20 + 5 + 10 + 100);
});

test("reasons that are all different do not make a flood", (t) => {
  const { log, lines, repeated } = recorded(t);
  const word = (n: number) => [...String(n)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  for (let n = 0; n < 50_000; n++) log.warn({ reason: `no such ${word(n)}` }, "failed");
  repeated.flush();
  assert.ok(lines.length < 130, String(lines.length));
});
