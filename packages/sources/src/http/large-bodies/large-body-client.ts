import type { Socket } from "node:net";
import type { buildConnector, Dispatcher } from "undici";
import { type ConnectorSettings, socketOpener, toFirstAddress } from "../connecting/connector.ts";
import { SocketTap } from "../connecting/socket-tap.ts";
import { Client } from "../connecting/undici.ts";
import { Exchange } from "../exchange.ts";
import type { Route } from "../origins/route.ts";
import type { HttpResponse } from "../reading/response.ts";

export interface LargeBodyOptions extends ConnectorSettings {
  /** Longest pause between two pieces of a body. */
  readonly silenceTimeoutMs: number;
}

/**
 * Fetches large bodies: each request has a direct connection of its own, with a tap that reads the
 * body of a plain 206 into the memory of the body's reader.
 */
export class LargeBodyClient implements AsyncDisposable {
  readonly #options: LargeBodyOptions;
  readonly #clients = new Set<Client>();

  constructor(options: LargeBodyOptions) {
    this.#options = options;
  }

  /** Rejects with SourceError, or AbortError. */
  async send(request: Dispatcher.DispatchOptions, route: Route, signal: AbortSignal): Promise<HttpResponse> {
    let tap: SocketTap | undefined;
    const connect = this.#connector(route, (fresh) => {
      tap = fresh;
    });
    const client = new Client(route.name, { allowH2: false, connect });
    this.#clients.add(client);
    return await new Promise((resolve, reject) => {
      const exchange = new Exchange(route, signal, resolve, reject, {
        tap: () => tap,
        ended: () => {
          this.#clients.delete(client);
          client.destroy();
        },
      });
      if (!signal.aborted) client.dispatch(request, exchange);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients].map((client) => client.destroy()));
  }

  /** Each attempt to connect has a tap of its own. `use` gets the tap of the connection. */
  #connector({ reach }: Route, use: (tap: SocketTap) => void): buildConnector.connector {
    const { tls, connectTimeoutMs, silenceTimeoutMs } = this.#options;
    const taps = new WeakMap<Socket, SocketTap>();
    const openSocket = (where: buildConnector.Options, done: buildConnector.Callback) => {
      const tap = new SocketTap(silenceTimeoutMs);
      const socket = socketOpener(tls, { onread: tap.onread })(where, done);
      taps.set(socket, tap);
      return socket;
    };
    const connect = toFirstAddress(openSocket, connectTimeoutMs, reach);
    return (where, done) =>
      connect(where, (...[error, socket]) => {
        if (error !== null) return done(error, null);
        const tap = taps.get(socket);
        tap?.attach(socket);
        if (tap !== undefined) use(tap);
        done(null, socket);
      });
  }
}
