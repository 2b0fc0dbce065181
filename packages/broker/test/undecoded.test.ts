import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMessage, HostError, type Log, MessageError, NewerMessageError } from "@brigade/core";
import { verdictOnUndecoded } from "../src/undecoded.ts";

function judge(error: unknown) {
  const warnings: string[] = [];
  const newer: string[] = [];
  const log = { warn: (_: unknown, text: string) => warnings.push(text) } as unknown as Log;
  const onNewer = ({ needs }: NewerMessageError) => void newer.push(needs);
  const verdict = verdictOnUndecoded(error, { source: "photos", queue: "files" }, { log, onNewer });
  return { verdict, warnings, newer };
}

test("a message for which no thread could be started comes again after 10 s, and the log says so", () => {
  const { verdict, warnings, newer } = judge(new HostError("limits", "no thread could be started"));
  assert.deepEqual(verdict, { kind: "postpone", delay: 10_000 });
  assert.deepEqual(warnings, ["a message cannot be decoded now: it comes again"]);
  assert.deepEqual(newer, []);
});

test("a message that only a newer program can read comes again after a minute, and is reported", () => {
  const message = JSON.stringify({ v: 99, type: "files" });
  let error: unknown;
  assert.throws(
    () => decodeMessage(message),
    (thrown) => {
      error = thrown;
      return thrown instanceof NewerMessageError;
    },
  );
  const { verdict, newer } = judge(error);
  assert.deepEqual(verdict, { kind: "postpone", delay: 60_000 });
  assert.deepEqual(newer, ["message version 99"]);
});

test("a message that no program can read is rejected with the reason", () => {
  const { verdict, warnings, newer } = judge(new MessageError("type: missing"));
  assert.deepEqual(verdict, { kind: "reject", reason: "type: missing" });
  assert.deepEqual([warnings, newer], [[], []]);
});
