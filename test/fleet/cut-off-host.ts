import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { promisify } from "node:util";
import type { Bucket } from "../bucket/index.ts";

const run = promisify(execFile);
let hosts = 0;

/**
 * Another host on this machine: a network namespace with one cable to here, over which broker,
 * bucket and ledger are reached. When the cable is pulled nothing is refused or closed: no packet
 * arrives. Needs root and iproute2.
 */
export class CutOffHost implements AsyncDisposable {
  /** The environment for services of that host, with the addresses of this one. */
  readonly environment: NodeJS.ProcessEnv;
  /** The program that runs a command on that host. */
  readonly wrapper: readonly string[];
  readonly #namespace: string;
  readonly #cable: string;
  readonly #relays: readonly Server[];

  private constructor(
    namespace: string,
    cable: string,
    environment: NodeJS.ProcessEnv,
    relays: readonly Server[],
  ) {
    this.#namespace = namespace;
    this.#cable = cable;
    this.environment = environment;
    this.#relays = relays;
    this.wrapper = ["ip", "netns", "exec", namespace];
  }

  static async create({
    amqpUrl,
    bucket,
    ledgerUrl,
  }: {
    readonly amqpUrl: string;
    readonly bucket: Bucket;
    readonly ledgerUrl: string;
  }): Promise<CutOffHost> {
    const number = (process.pid % 200) * 10 + ++hosts;
    const namespace = `brigade-${number}`;
    const cable = `bb${number}`;
    const net = `10.213.${number % 250}`;
    const here = `${net}.1`;
    const ip = (...args: string[]) => run("ip", args);
    await ip("netns", "add", namespace);
    await ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace);
    await ip("addr", "add", `${here}/24`, "dev", cable);
    await ip("link", "set", cable, "up");
    await ip("-n", namespace, "addr", "add", `${net}.2/24`, "dev", "eth0");
    await ip("-n", namespace, "link", "set", "eth0", "up");
    await ip("-n", namespace, "link", "set", "lo", "up");
    const relays: Server[] = [];
    const from = async (url: string) => {
      const { relay, url: there } = await relayTo(url, here);
      relays.push(relay);
      return there;
    };
    const environment = {
      AMQP_URL: await from(amqpUrl),
      UPYUN_ENDPOINT: await from(bucket.restUrl),
      LEDGER_URL: await from(ledgerUrl),
    };
    return new CutOffHost(namespace, cable, environment, relays);
  }

  /** Pulls the cable. */
  async cut(): Promise<void> {
    await run("ip", ["link", "set", this.#cable, "down"]);
  }

  async join(): Promise<void> {
    await run("ip", ["link", "set", this.#cable, "up"]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const relay of this.#relays) relay.close();
    await run("ip", ["link", "del", this.#cable]);
    await run("ip", ["netns", "del", this.#namespace]);
  }
}

/** Makes a port of loopback available on another address. */
async function relayTo(url: string, address: string): Promise<{ relay: Server; url: string }> {
  const target = new URL(url);
  const relay = createServer((socket) => {
    const onward = connect(Number(target.port), target.hostname);
    socket.pipe(onward).pipe(socket);
    socket.on("error", () => onward.destroy());
    onward.on("error", () => socket.destroy());
  });
  relay.listen(0, address);
  await once(relay, "listening");
  const bound = relay.address();
  if (bound === null || typeof bound === "string") throw new Error("no port");
  const there = new URL(url);
  there.hostname = address;
  there.port = String(bound.port);
  return { relay, url: there.href.replace(/\/$/, "") };
}
