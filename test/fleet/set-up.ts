import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Bucket, type ObjectSet, objectsOf, startBucket } from "../bucket/index.ts";
import type { RabbitNode } from "../rabbitmq/index.ts";
import { Fleet } from "./fleet.ts";

let hosts = 0;

/**
 * A virtual host of its own on a node that tests share: its queues begin empty. Returns its URL.
 */
async function virtualHost(node: RabbitNode): Promise<string> {
  const name = `test-${++hosts}`;
  await addVirtualHost(node, name);
  return new URL(`/${name}`, node.url).href;
}

/** Makes a virtual host, which the node's user may do everything in. */
export async function addVirtualHost(node: RabbitNode, name: string): Promise<void> {
  await node.ctl("add_vhost", name);
  await node.ctl("set_permissions", "-p", name, "guest", ".*", ".*", ".*");
}

export interface Place {
  readonly bucket: Bucket;
  readonly fleet: Fleet;
  readonly keys: readonly string[];
  readonly amqpUrl: string;
}

/**
 * A bucket, an empty virtual host of a broker and a fleet without services. All of it is removed
 * when the test ends.
 */
export async function place(
  t: TestContext,
  node: RabbitNode,
  tree: ObjectSet,
  environment: NodeJS.ProcessEnv = {},
  options: Omit<Parameters<typeof startBucket>[0], "tree"> = {},
): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "brigade-fleet-"));
  const bucket = await startBucket({ tree, ...options });
  const amqpUrl = await virtualHost(node);
  const fleet = await Fleet.create({ amqpUrl, bucket, folder, environment });
  t.after(async () => {
    await fleet[Symbol.asyncDispose]();
    await bucket.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { bucket, fleet, amqpUrl, keys: [...objectsOf(tree)].map(({ key }) => key) };
}
