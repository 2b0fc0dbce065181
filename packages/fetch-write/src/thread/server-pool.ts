import type { DirectServer } from "@brigade/core";
import {
  anywhere,
  FastPool,
  type FullDispatcher,
  NamedHosts,
  pathOf,
  type ReadMemory,
  tlsSettings,
} from "@brigade/sources/thread";
import type { Item } from "./item.ts";

/** Connections to one server. */
export class ServerPool {
  readonly #server: DirectServer;
  readonly #headers: string[];
  readonly #pool: FastPool;

  /** `memory`: where answers are read to. */
  constructor(server: DirectServer, memory: ReadMemory) {
    const { origin, headers, connections, connectTimeoutMs, allowPrivate, authorities } = server;
    this.#server = server;
    this.#headers = [...headers];
    const reach = allowPrivate ? anywhere : new NamedHosts();
    const settings = { connections, connectTimeoutMs, reach, memory, tls: tlsSettings(authorities) };
    this.#pool = new FastPool(origin, settings, notPlain);
  }

  /** Open connections over which an answer came. */
  get served(): number {
    return this.#pool.served;
  }

  /** Sends no more requests, and keeps no connections. */
  retire(): void {
    this.#pool.retire();
  }

  send(item: Item): void {
    const { origin, headersTimeoutMs, silenceTimeoutMs } = this.#server;
    this.#pool.dispatch(
      {
        origin,
        path: pathOf(item.object.key),
        method: "GET",
        headers: this.#headers,
        headersTimeout: headersTimeoutMs,
        bodyTimeout: silenceTimeoutMs,
      },
      item,
    );
  }
}

/** The server's answers are not plain: they are left to the usual way. */
class NotPlain extends Error {
  override readonly name = "NotPlain";

  constructor() {
    super("the answers of this server are not plain");
  }
}

const notPlain: FullDispatcher = {
  dispatch(_outgoing, handler) {
    // As with all dispatchers, nothing is reported before this has returned.
    setImmediate(() => (handler as Item).onResponseError(undefined, new NotPlain()));
    return true;
  },
  destroy: () => Promise.resolve(),
};
