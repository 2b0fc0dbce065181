import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { syntheticTree } from "../bucket/index.ts";
import { place } from "../fleet/set-up.ts";
import { type RabbitNode, startNode } from "../rabbitmq/index.ts";
import { until } from "../waiting.ts";
import { httpPort } from "./servers/ports.ts";

let node: RabbitNode;
before(async () => {
  node = await startNode();
});
after(async () => {
  await node[Symbol.asyncDispose]();
});

const tree = syntheticTree({ directories: 4, filesPerDirectory: 25, minSize: 10, maxSize: 99, seed: 7 });

test("a service whose source can never work ends at once with the reason; nothing is lost or vanishes, and others go on", async (t) => {
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

test("one source of a service that can never work rests with the reason, which status shows; the others' jobs go on", async (t) => {
  const page = "<title>Index of /</title><a href='a.txt'>a</a> <a href='b.txt'>b</a>";
  const site = await httpPort(t, ({ url }, response) => response.end(url === "/" ? page : "text"));
  const { fleet } = await place(t, node, tree, {
    SOURCES: `bad=upyun://demo/ good=http://127.0.0.1:${site}/`,
  });
  await fleet.ledger();
  const speaksNoTls = { UPYUN_ENDPOINT: `https://127.0.0.1:${await httpPort(t)}` };
  const lister = await fleet.lister(speaksNoTls);
  const downloader = await fleet.downloader("v", speaksNoTls);
  const bad = await fleet.start("bad");
  const resting = () => lister.log.filter(({ msg }) => msg.startsWith("a source cannot be used")).length;
  await until("the source rests", () => resting() > 0);

  const { progress } = await fleet.closed(await fleet.start("good"));
  assert.equal(progress.stored.objects, 2);
  assert.equal((await fleet.job(bad))?.state, "open");
  assert.equal(resting(), 1);
  const health = JSON.stringify(await (await fetch(`${lister.url}/healthz`)).json());
  assert.match(health, /"bad":\["cannot be used: .*this port speaks no TLS.*"good":\[\]/);
  const isShown = async () => (await fleet.run("status", "bad")).stdout.includes("this port speaks no TLS");
  await until("status shows it", isShown);
  for (const service of [lister, downloader]) assert.equal(await service.drain(), 0, service.role);
});
