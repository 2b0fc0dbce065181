import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../free-ports.ts";
import type { NodeOptions, RabbitNode } from "./node.ts";
import { becomesReady } from "./ready.ts";
import { run } from "./run.ts";

/** A RabbitMQ in a container, where a Docker Engine answers. */
export class ContainerNode implements RabbitNode {
  readonly description: string;
  readonly url: string;
  readonly managementUrl: string | undefined;
  readonly pid = undefined;
  readonly #name: string;
  readonly #port: number;

  private constructor(image: string, name: string, port: number, managementPort: number | undefined) {
    this.description = `a container of ${image}`;
    this.#name = name;
    this.#port = port;
    this.url = `amqp://guest:guest@127.0.0.1:${port}`;
    this.managementUrl = managementPort === undefined ? undefined : `http://127.0.0.1:${managementPort}`;
  }

  static async create(image: string, { config = "", plugins = [] }: NodeOptions): Promise<ContainerNode> {
    const name = `brigade-test-${randomUUID()}`;
    const [amqp = 0, management = 0] = await freePorts(2);
    const managed = plugins.includes("rabbitmq_management");
    const ports = [`127.0.0.1:${amqp}:5672`, ...(managed ? [`127.0.0.1:${management}:15672`] : [])];
    const publish = ports.flatMap((port) => ["--publish", port]);
    // The data directory is named after the host.
    await run("docker", ["create", "--name", name, "--hostname", "broker", ...publish, image]);
    const node = new ContainerNode(image, name, amqp, managed ? management : undefined);
    const folder = await mkdtemp(join(tmpdir(), "brigade-rabbitmq-"));
    try {
      const file = join(folder, "90-test.conf");
      await writeFile(file, `disk_free_limit.absolute = 1MB\n${config}\n`, { mode: 0o644 });
      await run("docker", ["cp", file, `${name}:/etc/rabbitmq/conf.d/90-test.conf`]);
      await node.start();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    } finally {
      await rm(folder, { recursive: true });
    }
    return node;
  }

  async start(): Promise<void> {
    await run("docker", ["start", this.#name]);
    await becomesReady(this.#port);
  }

  async kill(): Promise<void> {
    await run("docker", ["kill", this.#name]);
  }

  async stop(): Promise<void> {
    await run("docker", ["stop", this.#name]);
  }

  async loseData(): Promise<void> {
    await this.kill();
    await this.start();
    for (const command of ["stop_app", "force_reset", "start_app"]) await this.ctl(command);
    await becomesReady(this.#port);
  }

  ctl(...args: string[]): Promise<string> {
    return run("docker", ["exec", this.#name, "rabbitmqctl", "--quiet", ...args]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run("docker", ["rm", "--force", "--volumes", this.#name]);
  }
}
