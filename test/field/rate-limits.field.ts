import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { syntheticTree } from "../bucket/index.ts";
import { brigade, startBrigade, temporaryFolder } from "../e2e/brigade.ts";
import { place } from "../fleet/set-up.ts";
import { startNode } from "../rabbitmq/index.ts";
import { bansAbove, fixedWindow, tokenBucket, withBan } from "./servers/gates.ts";
import { type LimitedSite, limitedSite, useOf } from "./servers/limited-site.ts";

const perSecond = 300;
/** More than any test fetches. */
const tree = { directories: 100, filesPerDirectory: 400 };
/** 403 to everything, for a while after a number of refusals in a row. */
const ban = { after: 50, ms: 10_000 };

async function volumeOf(t: TestContext): Promise<string> {
  const volume = join(await temporaryFolder(t), "volume");
  mkdirSync(volume);
  return volume;
}

function assertUsed({ seconds }: LimitedSite, from: number, bans: number): void {
  const use = useOf(seconds, from, seconds.length - 1);
  assert.ok(use.served >= 0.85 * perSecond, `${use.served} of ${perSecond} requests a second`);
  assert.ok(use.refusedShare <= 0.05, `${(100 * use.refusedShare).toFixed(1)} % refused`);
  assert.ok(use.bans <= bans, `${use.bans} bans`);
}

for (const [title, options] of [
  ["429 above 300 requests a second", { gate: withBan(tokenBucket(perSecond), ban) }],
  ["503, a window of one second", { gate: withBan(fixedWindow(perSecond), ban), status: 503 }],
] as const) {
  test(`copy uses the rate that a server allows, and is seldom refused: ${title}`, async (t) => {
    const site = await limitedSite(t, { ...tree, ...options });
    const volume = await volumeOf(t);
    const { child, finished } = startBrigade(["copy", `${site.url}/`, volume], { LOG_LEVEL: "info" });
    await sleep(60_000);
    child.kill("SIGTERM");
    const { stderr } = await finished;
    assertUsed(site, 40, 1);
    assert.doesNotMatch(stderr, /an object failed|could not be listed/);
    assert.match(stderr, /the server refuses faster requests: they are paced from now on/);
  });
}

for (const what of ["objects", "listings"] as const) {
  test(`the rate before a ban of ${what} without any refusal is not used again, and the ban is logged once`, async (t) => {
    // A small limit, so that a busy machine exceeds it.
    const limit = { objects: 60, listings: 30 }[what];
    let bans = 0;
    const gate = bansAbove(limit, ban.ms, () => bans++);
    const site = await limitedSite(t, {
      directories: 4_000,
      filesPerDirectory: 10,
      gate: (now, { url = "" }) => (url.endsWith("/") === (what === "listings") ? gate(now) : "served"),
    });
    const { child, finished } = startBrigade(["copy", `${site.url}/`, await volumeOf(t)]);
    await sleep(60_000);
    child.kill("SIGTERM");
    const { stderr } = await finished;
    // One refusal per kind of request, if the machine is busy and sends in bursts.
    assert.ok(bans >= 1 && bans <= 2, `${bans} bans`);
    assert.doesNotMatch(stderr, /an object failed|could not be listed/);
    assert.equal(stderr.match(/the server refuses everything for a while/g)?.length, bans);
  });
}

test("five downloaders share the rate that a server allows them together", {
  timeout: 240_000,
}, async (t) => {
  await using node = await startNode();
  const site = await limitedSite(t, { ...tree, gate: withBan(tokenBucket(perSecond), ban) });
  const none = syntheticTree({ directories: 1, filesPerDirectory: 1, minSize: 1, maxSize: 2, seed: 1 });
  const { fleet } = await place(t, node, none, { SOURCES: `site=${site.url}/` });
  await fleet.ledger();
  await fleet.lister();
  const downloaders = await Promise.all([1, 2, 3, 4, 5].map((n) => fleet.downloader(`volume-${n}`)));
  await fleet.start("site");
  await sleep(60_000);
  assertUsed(site, 40, 1);
  const lines = downloaders.flatMap(({ log }) => log.map(({ msg }) => msg));
  assert.deepEqual(
    lines.filter((line) => line.startsWith("an object failed")),
    [],
  );
});

test("a limit on listings costs no directory, and few requests in vain", async (t) => {
  const gate = tokenBucket(3);
  const site = await limitedSite(t, {
    directories: 60,
    filesPerDirectory: 2,
    gate: (now, { url = "" }) => (url.endsWith("/") ? gate(now) : "served"),
  });
  const { code, stdout, stderr } = await brigade(["copy", `${site.url}/`, await volumeOf(t), "--json"], {
    MAX_ATTEMPTS: "2",
  });
  assert.equal(code, 0, stderr);
  assert.equal(JSON.parse(stdout).counts.stored.objects, 120);
  const refused = site.seconds.reduce((sum, second) => sum + second.refused, 0);
  // Most of them in the first second, before the rate is known: 13 to 21 were seen.
  assert.ok(refused <= 30, `${refused} refused`);
});
