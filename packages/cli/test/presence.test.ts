import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { connectRabbitBroker } from "@brigade/broker";
import type { Presence } from "@brigade/core";
import { startNode } from "../../../test/rabbitmq/index.ts";
import { environment, startService, temporaryFolder } from "./command.ts";
import { Lines, until } from "./fakes.ts";

const node = await startNode();
after(() => node[Symbol.asyncDispose]());

test("a downloader's word with its disk's room is heard, and its last word when it leaves", async () => {
  await using folder = await temporaryFolder();
  const volume = join(folder.path, "volume");
  await mkdir(volume);
  const onError = (error: unknown) => assert.fail(String(error));
  const broker = { url: node.url, connectionName: "test", log: new Lines(), onError };
  await using hearer = await connectRabbitBroker(broker);
  const heard: Presence[] = [];
  hearer.onPresence((presence) => heard.push(presence));
  const variables = { AMQP_URL: node.url, VOLUMES: volume, VOLUME_AUTO_INIT: "true" };
  await using service = await startService("downloader", { ...environment, ...variables });
  // The first may be said before the service has begun its work.
  const whole = () => heard.find(({ sources, volumes }) => sources.length > 0 && volumes[0]?.free);
  await until("it is heard", () => whole() !== undefined);
  const { instance, sources, volumes } = whole() ?? assert.fail();
  assert.match(instance, /^downloader@.+#\d+$/);
  assert.deepEqual(
    sources.map(({ name }) => name),
    ["photos", "docs"],
  );
  const [{ root, free = 0, size = 0 } = { root: "" }] = volumes;
  assert.equal(root, volume);
  assert.ok(size >= free, `${free} of ${size}`);
  service.kill("SIGTERM");
  assert.equal(await service.ended, 0, JSON.stringify(service.log));
  await until("its last word is heard", () => heard.at(-1)?.leaving === true);
});
