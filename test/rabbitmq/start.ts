import { access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { ContainerNode } from "./container-node.ts";
import type { NodeOptions, RabbitNode } from "./node.ts";
import { ProcessNode } from "./process-node.ts";
import { run, succeeds } from "./run.ts";

/** Where packages put the scripts that do not change the user. */
const packaged = "/usr/lib/rabbitmq/bin";
const installation =
  "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends rabbitmq-server";

const image = "rabbitmq:4-management";

/**
 * A broker of one's own, to be killed and broken: of the `rabbitmq-server` on this machine, else as
 * a container, else (on Debian, as root) of a `rabbitmq-server` that is installed now.
 * `RABBITMQ_TEST_IMAGE` asks for a container of that image. Prints on stderr which it was.
 */
export async function startNode(options: NodeOptions = {}): Promise<RabbitNode> {
  const node = await findNode(options);
  console.error(`RabbitMQ: ${node.description}`);
  return node;
}

/** Nodes of one cluster, each a process of this machine's `rabbitmq-server`. */
export interface RabbitCluster extends AsyncDisposable {
  readonly nodes: readonly ProcessNode[];
  /** The node that leads this quorum queue. */
  leaderOf(queue: string): Promise<ProcessNode>;
  /** The number of nodes on which this quorum queue is at work. */
  onlineOf(queue: string): Promise<number>;
}

/**
 * Starts a cluster of `size` nodes; they listen one by one. Three of them need some 15 s and 300
 * MB.
 */
export async function startCluster(size: number, options: NodeOptions = {}): Promise<RabbitCluster> {
  const server = (await findServer()) ?? (await installServer());
  const opened = new AsyncDisposableStack();
  const first = opened.use(await ProcessNode.create(server, options));
  const nodes = [first];
  try {
    while (nodes.length < size) nodes.push(opened.use(await ProcessNode.create(server, options, first)));
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
  console.error(`RabbitMQ: a cluster of ${size} nodes of ${server}`);
  const columnOf = async (queue: string, column: "leader" | "online") => {
    const running = nodes.find(({ pid }) => pid !== undefined);
    const rows = (await running?.ctl("list_queues", "name", column, "--formatter", "json")) ?? "[]";
    return JSON.parse(rows).find(({ name }: { name: string }) => name === queue)?.[column];
  };
  return {
    nodes,
    async leaderOf(queue) {
      const leader = await columnOf(queue, "leader");
      const node = nodes.find(({ name }) => name === leader);
      if (node === undefined) throw new Error(`${queue} has no leader here: ${leader}`);
      return node;
    },
    onlineOf: async (queue) => (await columnOf(queue, "online"))?.length ?? 0,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

async function findNode(options: NodeOptions): Promise<RabbitNode> {
  const wanted = process.env.RABBITMQ_TEST_IMAGE;
  if (wanted) return await ContainerNode.create(wanted, options);
  const server = await findServer();
  if (server !== undefined) return await ProcessNode.create(server, options);
  if (await succeeds("docker", ["version"])) return await ContainerNode.create(image, options);
  return await ProcessNode.create(await installServer(), options);
}

async function findServer(): Promise<string | undefined> {
  for (const folder of [packaged, ...(process.env.PATH ?? "").split(delimiter)]) {
    const path = join(folder, "rabbitmq-server");
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

async function installServer(): Promise<string> {
  if (process.getuid?.() !== 0 || !(await succeeds("apt-get", ["--version"])))
    throw new Error(
      "these tests need RabbitMQ: install rabbitmq-server, start a Docker Engine, or set AMQP_URL",
    );
  console.error("RabbitMQ: installing rabbitmq-server with apt-get");
  // One at a time: test files run side by side.
  await run("flock", [join(tmpdir(), "brigade-apt.lock"), "sh", "-c", installation]);
  return join(packaged, "rabbitmq-server");
}
