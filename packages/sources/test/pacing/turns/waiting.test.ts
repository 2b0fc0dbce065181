import assert from "node:assert/strict";
import { test } from "node:test";
import { type Preference, Waiting } from "../../../src/pacing/turns/waiting.ts";

/**
 * Returns the paths in the order of their turns: six requests that came one after the other, of
 * which those with an `a` are for objects that were refused before.
 */
function turns(preference?: Preference): string {
  const waiting = new Waiting();
  for (const [since, path] of ["1", "2", "a3", "a4", "5", "a6"].entries())
    waiting.add({ gate: undefined, path, abort() {}, since, start() {} }, path.startsWith("a"));
  const paths: string[] = [];
  for (let next = waiting.next(preference); next !== undefined; next = waiting.next(preference)) {
    paths.push(next.path ?? "");
    waiting.delete(next);
  }
  assert.equal(waiting.size, 0);
  return paths.join(" ");
}

test("without a preference, the request goes first that has waited longest", () => {
  assert.equal(turns(), "1 2 a3 a4 5 a6");
});

test("objects that were refused before get each second turn if they are preferred, so that the others go on", () => {
  assert.equal(turns("again"), "a3 1 a4 2 a6 5");
});

test("objects that were not refused before come first if they are preferred, and the others after them", () => {
  assert.equal(turns("first"), "1 2 5 a3 a4 a6");
});
