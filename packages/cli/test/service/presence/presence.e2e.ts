import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { connectRabbitBroker } from "@brigade/broker";
import type { Presence } from "@brigade/core";
import { RecordingLog } from "../../../../../test/logs.ts";
import { startNode } from "../../../../../test/rabbitmq/index.ts";
import { environment, startService, temporaryFolder } from "../../command.ts";
import { until } from "../../fakes.ts";

const node = await startNode();
after(() => node[Symbol.asyncDispose]());

test("a downloader announces its disk's room, and its leaving", async () => {
  await using speaking = await listenTo({});
  const { instance, sources, volumes } = await speaking.whole();
  assert.match(instance, /^downloader@.+#\d+$/);
  assert.deepEqual(
    sources.map(({ name }) => name),
    ["photos", "docs"],
  );
  const [{ root, free = 0, size = 0 } = { root: "" }] = volumes;
  assert.equal(root, speaking.volume);
  assert.ok(size >= free, `${free} of ${size}`);
  await speaking.leave();
  await until("its last word is heard", () => speaking.heard.at(-1)?.leaving === true);
});

test("a downloader that was given a number has the same name after every start", async () => {
  const starts: Presence[] = [];
  for (const _ of [1, 2]) {
    await using speaking = await listenTo({ BRIGADE_INSTANCE: "2" });
    starts.push(await speaking.whole());
    await speaking.leave();
  }
  const [first, second] = starts;
  assert.equal(first?.instance, `${hostname()}-2`);
  assert.equal(second?.instance, first.instance);
  assert.equal(second.host, hostname());
  assert.notEqual(second.began, first.began, "the processes can be told apart");
});

/** Starts a downloader, and hears what it announces. */
async function listenTo(variables: Readonly<Record<string, string>>) {
  await using opening = new AsyncDisposableStack();
  const { path } = opening.use(await temporaryFolder());
  const volume = join(path, "volume");
  await mkdir(volume);
  const onError = (error: unknown) => assert.fail(String(error));
  const broker = { url: node.url, connectionName: "test", log: new RecordingLog(), onError };
  const hearer = opening.use(await connectRabbitBroker(broker));
  const heard: Presence[] = [];
  hearer.onPresence((presence) => heard.push(presence));
  const own = { AMQP_URL: node.url, VOLUMES: volume, VOLUME_AUTO_INIT: "true", ...variables };
  const service = opening.use(await startService("downloader", { ...environment, ...own }));
  // The first may be said before the service has begun its work.
  const find = () => heard.find(({ sources, volumes }) => sources.length > 0 && volumes[0]?.free);
  const resources = opening.move();
  return {
    volume,
    heard,
    async whole() {
      await until("it is heard", () => find() !== undefined);
      return find() ?? assert.fail();
    },
    async leave() {
      service.kill("SIGTERM");
      assert.equal(await service.ended, 0, JSON.stringify(service.log));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
