import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { place } from "./set-up.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

/** Returns a figure of a service's metrics, over all labels. */
async function figure(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}

for (const [title, shape, pageSize] of [
  ["many small directories", { directories: 1_500, filesPerDirectory: 2 }, 1_000],
  ["a few directories of many pages", { directories: 60, filesPerDirectory: 250 }, 10],
] as const)
  test(`two listers share ${title}, although each of them could list all of it`, async (t) => {
    const tree = syntheticTree({ ...shape, minSize: 10, maxSize: 20, seed: 6 });
    const variables = { LIST_PAGE_SIZE: String(pageSize) };
    const { fleet, keys } = await place(t, node, tree, variables, { latencyMs: 50 });
    await fleet.ledger();
    const listers = await Promise.all([fleet.lister(), fleet.lister()]);
    const job = await fleet.start();
    await until("all is listed", async () => {
      const listed = (await fleet.job(job))?.progress.listed.objects;
      return listed === keys.length;
    });
    const pages = await Promise.all(listers.map(({ url }) => figure(url, "brigade_pages_total")));
    const all = pages.reduce((sum, one) => sum + one, 0);
    for (const one of pages) assert.ok(one >= 0.2 * all, `${pages} pages`);
    const health = await (await fetch(`${listers[0]?.url}/healthz`)).text();
    assert.match(health, /"listing":\{"demo":\{"atOnce":\d+,"limitedBy":"/);
  });
