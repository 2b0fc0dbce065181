import assert from "node:assert/strict";
import { test } from "node:test";
import { FetchingWatch } from "../../src/job/fetching.ts";
import { describeFetching } from "../../src/terminal/units.ts";

const bodies = { running: 214, isShort: true, isAtMost: false };
const free = { isWaitingForDisks: false };

/** Returns what is shown by threads that rest, or do not. */
function shown(
  pacing: Omit<ConstructorParameters<typeof FetchingWatch>[0], "isHeldBack">,
  downloader: ConstructorParameters<typeof FetchingWatch>[1] = free,
  isBusy = false,
  isHeldBack = false,
): string {
  return describeFetching(
    new FetchingWatch({ ...pacing, isHeldBack: () => isHeldBack }, downloader, { isBusy: () => isBusy }).now,
  );
}

test("what keeps the number of bodies down is named: operator, store, line, disk, CPU, listing or setting", () => {
  assert.equal(shown({ bodies, isLimited: false }), "214 at once, limited by the line");
  assert.equal(shown({ bodies, isLimited: true }), "214 at once, limited by the store");
  const unused = { ...bodies, isShort: false };
  assert.equal(shown({ bodies: unused, isLimited: false }), "214 at once, limited by the listing");
  const full = { isWaitingForDisks: true };
  assert.equal(shown({ bodies: unused, isLimited: false }, full), "214 at once, limited by the disk");
  const none = { ...bodies, running: 0 };
  assert.equal(shown({ bodies: none, isLimited: false }, full), "0 at once, limited by the disk");
  const most = { ...bodies, isAtMost: true };
  assert.equal(shown({ bodies: most, isLimited: false }), "214 at once, limited by the setting");
  assert.equal(shown({ bodies, isLimited: false }, free, true), "214 at once, limited by the CPU");
  assert.equal(shown({ bodies, isLimited: true }, free, true, true), "214 at once, limited by the operator");
});
