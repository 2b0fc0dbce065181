import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ObjectSet } from "../bucket/index.ts";
import type { RabbitNode } from "../rabbitmq/index.ts";
import { reaches } from "../waiting.ts";
import { assertSumsClose } from "./proof.ts";
import { place } from "./set-up.ts";

/** A job during which the ledger is killed four times, and stays away after the second one. */
export async function killLedgerAgainAndAgain(
  t: TestContext,
  node: RabbitNode,
  tree: ObjectSet,
  { awayMs }: { readonly awayMs: number },
): Promise<void> {
  const { bucket, fleet, keys } = await place(t, node, tree, { FETCH_CONCURRENCY: "4" });
  let ledger = await fleet.ledger();
  await fleet.lister();
  await fleet.downloader("a");
  const job = await fleet.start();
  for (const share of [0.1, 0.3, 0.5, 0.7]) {
    await reaches(`${share} is fetched`, () => bucket.counters.get, keys.length * share);
    await ledger.kill();
    if (share === 0.3) await sleep(awayMs);
    ledger = await fleet.ledger();
  }
  const { state, progress } = await fleet.closed(job);
  assert.equal(state, "complete");
  assert.equal(progress.stored.objects, keys.length);
  await assertSumsClose(fleet, keys.length);
  assert.equal(bucket.counters.get, keys.length);
}
