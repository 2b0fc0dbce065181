import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { FetchingWatch } from "../../src/job/fetching.ts";
import { describeFetching } from "../../src/terminal/units.ts";

const bodies = { running: 214, isShort: true, isAtMost: false };
const free = { isShortOfMemory: false };

/** Returns what is shown by a main thread that rests. */
async function shown(
  pacing: ConstructorParameters<typeof FetchingWatch>[0],
  downloader: ConstructorParameters<typeof FetchingWatch>[1] = free,
): Promise<string> {
  const watch = new FetchingWatch(pacing, downloader);
  await new Promise((resolve) => setTimeout(resolve, 20));
  return describeFetching(watch.now);
}

test("what keeps the number of bodies down is named: store, line, disk, listing or setting", async () => {
  assert.equal(await shown({ bodies, isLimited: false }), "214 at once, limited by the line");
  assert.equal(await shown({ bodies, isLimited: true }), "214 at once, limited by the store");
  const unused = { ...bodies, isShort: false };
  assert.equal(await shown({ bodies: unused, isLimited: false }), "214 at once, limited by the listing");
  const full = { isShortOfMemory: true };
  assert.equal(await shown({ bodies: unused, isLimited: false }, full), "214 at once, limited by the disk");
  const most = { ...bodies, isAtMost: true };
  assert.equal(await shown({ bodies: most, isLimited: false }), "214 at once, limited by the setting");
});

test("a main thread that never rests is named as the limit", async () => {
  await turn();
  const watch = new FetchingWatch({ bodies, isLimited: false }, free);
  const end = performance.now() + 50;
  while (performance.now() < end);
  assert.equal(watch.now.limitedBy, "the CPU");
});
