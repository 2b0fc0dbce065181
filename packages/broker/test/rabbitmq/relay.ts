import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A way to a broker that can be cut without harming the broker. */
export class Relay implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #isCut = false;
  #refused = 0;
  #bytes = 0;

  private constructor(server: Server, url: string, target: URL) {
    this.#server = server;
    this.url = url;
    this.#target = target;
    server.on("connection", (near) => {
      const far = connect(Number(this.#target.port || 5672), this.#target.hostname);
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
      far.on("data", ({ length }) => {
        this.#bytes += length;
      });
      if (!this.#isCut) return;
      this.#refused++;
      near.destroy();
    });
  }

  static async open(targetUrl: string): Promise<Relay> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    const url = new URL(targetUrl);
    url.host = `127.0.0.1:${address.port}`;
    return new Relay(server, url.href, new URL(targetUrl));
  }

  /** Every connection, and every new one, until `mend`. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** How many have come from the broker. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Attempts to connect while it was cut. */
  get refused(): number {
    return this.#refused;
  }

  /** New connections lead there, as those of a balancer do when a node is gone. */
  redirect(targetUrl: string): void {
    this.#target = new URL(targetUrl);
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await once(this.#server.close(), "close");
  }
}
