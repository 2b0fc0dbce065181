import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { freePorts } from "../free-ports.ts";
import type { NodeOptions, RabbitNode } from "./node.ts";
import { becomesReady } from "./ready.ts";
import { run } from "./run.ts";

/** Erlang's, where nodes and `rabbitmqctl` find each other. */
const portMapper = "epmd";

/**
 * A RabbitMQ of this machine's packages as a process of its own: own ports, own epmd, own data in a
 * temporary folder.
 */
export class ProcessNode implements RabbitNode {
  readonly description: string;
  readonly url: string;
  readonly managementUrl: string | undefined;
  readonly #server: string;
  readonly #folder: string;
  readonly #environment: NodeJS.ProcessEnv;
  /** Absent if the epmd of a peer is used. */
  readonly #epmd: ChildProcess | undefined;
  readonly #port: number;
  #running: ChildProcess | undefined;

  private constructor(
    server: string,
    folder: string,
    environment: NodeJS.ProcessEnv,
    ports: { amqp: number; management: number | undefined },
    epmd: ChildProcess | undefined,
  ) {
    this.description = `a private node of ${server}`;
    this.#port = ports.amqp;
    this.url = `amqp://guest:guest@127.0.0.1:${ports.amqp}`;
    this.managementUrl = ports.management === undefined ? undefined : `http://127.0.0.1:${ports.management}`;
    this.#server = server;
    this.#folder = folder;
    this.#environment = environment;
    this.#epmd = epmd;
    process.once("exit", this.#killNow);
  }

  /**
   * `server`: the path of `rabbitmq-server`. `peer`: a running node whose cluster it joins, and
   * which outlives it.
   */
  static async create(
    server: string,
    { config = "", plugins = [] }: NodeOptions,
    peer?: ProcessNode,
  ): Promise<ProcessNode> {
    const folder = await mkdtemp(join(tmpdir(), "brigade-rabbitmq-"));
    const [amqp = 0, dist = 0, ownEpmdPort = 0, ctl = 0, management = 0] = await freePorts(5);
    const epmdPort = peer ? String(peer.#environment.ERL_EPMD_PORT) : String(ownEpmdPort);
    const home = peer ? String(peer.#environment.HOME) : join(folder, "home");
    const managed = plugins.includes("rabbitmq_management");
    await mkdir(home, { recursive: true });
    await writeFile(join(folder, "enabled_plugins"), `[${plugins.join(",")}].\n`);
    const lines = ["disk_free_limit.absolute = 1MB", config];
    if (peer !== undefined)
      lines.push(
        "cluster_formation.peer_discovery_backend = classic_config",
        `cluster_formation.classic_config.nodes.1 = ${peer.name}`,
      );
    if (managed) lines.push("management.tcp.ip = 127.0.0.1", `management.tcp.port = ${management}`);
    await writeFile(join(folder, "rabbitmq.conf"), `${lines.join("\n")}\n`);
    const environment = {
      ...process.env,
      // The packaged wrappers elsewhere on PATH change the user.
      PATH: [dirname(server), process.env.PATH].join(delimiter),
      // Nodes of a cluster share a cookie.
      HOME: home,
      ERL_EPMD_PORT: epmdPort,
      ERL_EPMD_ADDRESS: "127.0.0.1",
      RABBITMQ_NODENAME: `brigade${amqp}@localhost`,
      RABBITMQ_NODE_IP_ADDRESS: "127.0.0.1",
      RABBITMQ_NODE_PORT: String(amqp),
      RABBITMQ_DIST_PORT: String(dist),
      RABBITMQ_CTL_DIST_PORT_MIN: String(ctl),
      RABBITMQ_CTL_DIST_PORT_MAX: String(ctl + 10),
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_CONFIG_FILE: join(folder, "rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, "enabled_plugins"),
      RABBITMQ_PID_FILE: join(folder, "pid"),
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      // Otherwise a node that cannot boot leaves it where the tests were started.
      ERL_CRASH_DUMP: join(folder, "erl_crash.dump"),
    };
    const epmd = peer === undefined ? await startEpmd(epmdPort, environment) : undefined;
    const node = new ProcessNode(
      server,
      folder,
      environment,
      { amqp, management: managed ? management : undefined },
      epmd,
    );
    try {
      await node.start();
    } catch (error) {
      await node[Symbol.asyncDispose]();
      throw error;
    }
    return node;
  }

  /** As other nodes and `rabbitmqctl` call it. */
  get name(): string {
    return `brigade${this.#port}@localhost`;
  }

  /**
   * Process id of the Erlang machine, which may differ from the started process. It writes this
   * file early in its boot.
   */
  get pid(): number | undefined {
    if (this.#running === undefined) return undefined;
    try {
      return Number(readFileSync(this.#pidFile, "utf8")) || undefined;
    } catch {
      return undefined; // not written yet
    }
  }

  get #pidFile(): string {
    return join(this.#folder, "pid");
  }

  async start(): Promise<void> {
    await rm(this.#pidFile, { force: true });
    const gone = new AbortController();
    const child = spawn(this.#server, { env: this.#environment, stdio: "ignore" });
    this.#running = child;
    child.once("exit", () => {
      this.#running = undefined;
      gone.abort(new Error("RabbitMQ has ended"));
    });
    await once(child, "spawn");
    await becomesReady(this.#port, gone.signal);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  async loseData(): Promise<void> {
    await this.kill();
    await rm(join(this.#folder, "data"), { recursive: true });
    await this.start();
  }

  ctl(...args: string[]): Promise<string> {
    return run(join(dirname(this.#server), "rabbitmqctl"), ["--quiet", ...args], this.#environment);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    if (this.#epmd !== undefined) await endNow(this.#epmd);
    process.off("exit", this.#killNow);
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#running === undefined) return;
    const exited = once(this.#running, "exit");
    this.#signal(signal);
    await exited;
  }

  readonly #killNow = (): void => {
    this.#signal("SIGKILL");
    this.#epmd?.kill("SIGKILL");
  };

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid !== undefined) process.kill(pid, signal);
    else this.#running?.kill(signal);
  }
}

/** Kills a process, and resolves when it has ended. */
async function endNow(program: ChildProcess): Promise<void> {
  if (program.exitCode !== null || program.signalCode !== null) return;
  const exited = once(program, "exit");
  program.kill("SIGKILL");
  await exited;
}

async function startEpmd(port: string, environment: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const epmd = spawn(portMapper, ["-port", port, "-address", "127.0.0.1"], {
    env: environment,
    stdio: "ignore",
  });
  await once(epmd, "spawn");
  return epmd;
}
