import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { httpPort } from "./servers/ports.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const tree = syntheticTree({ directories: 4, filesPerDirectory: 25, minSize: 10, maxSize: 99, seed: 7 });

test("a service whose source can never work ends at once with the words; nothing is lost or vanishes, and others go on", async (t) => {
  const { fleet, keys } = await place(t, node, tree);
  const web = await httpPort(t, (_request, response) => response.writeHead(404).end("<h1>Not found</h1>"));
  const wrong = await fleet.downloader("wrong", { UPYUN_ENDPOINT: `http://127.0.0.1:${web}` });
  await fleet.ledger();
  const plain = `https://127.0.0.1:${await httpPort(t)}`;
  const lister = await fleet.lister({ UPYUN_ENDPOINT: plain });
  const job = await fleet.start();
  assert.equal(await lister.ended, 4);
  assert.match(String(lister.log.at(-1)?.msg), /^cannot go on: .*this port speaks no TLS: http:\/\/ meant\?/);
  await fleet.lister();
  assert.equal(await wrong.ended, 4);
  const last = String(wrong.log.at(-1)?.msg);
  assert.match(last, /^cannot go on: .*this host does not answer as UpYun's API does: check UPYUN_ENDPOINT/);
  await fleet.downloader("right");
  const { progress } = await fleet.closed(job);
  assert.equal(progress.stored.objects, keys.length);
});
