import { buildConnector, Client, type Dispatcher } from "undici";
import { Exchange, type HttpResponse } from "./exchange.ts";
import type { Route } from "./route.ts";
import { SocketTap } from "./socket-tap.ts";
import type { TlsSettings } from "./trust.ts";

export interface TappedOptions {
  readonly tls: TlsSettings;
  readonly connectTimeoutMs: number;
  /** Longest pause between two pieces of a body. */
  readonly silenceTimeoutMs: number;
}

/** Direct connections for large bodies: one a request, with a tap that reads a plain 206's body into its reader's memory. */
export class TappedConnections implements AsyncDisposable {
  readonly #options: TappedOptions;
  readonly #clients = new Set<Client>();

  constructor(options: TappedOptions) {
    this.#options = options;
  }

  /** Rejects with SourceError, or AbortError. */
  async send(request: Dispatcher.DispatchOptions, route: Route, signal: AbortSignal): Promise<HttpResponse> {
    let tap: SocketTap | undefined;
    const client = new Client(route.name, {
      allowH2: false,
      connect: (where, done) => {
        const fresh = new SocketTap(this.#options.silenceTimeoutMs);
        this.#connect(fresh, where, (...[error, socket]) => {
          if (error !== null) return done(error, null);
          tap = fresh;
          fresh.attach(socket);
          done(null, socket);
        });
      },
    });
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

  #connect(tap: SocketTap, where: buildConnector.Options, done: buildConnector.Callback): void {
    const { tls, connectTimeoutMs } = this.#options;
    const connect = buildConnector({
      allowH2: false,
      timeout: connectTimeoutMs,
      ...tls,
      onread: tap.onread,
    });
    connect(where, done);
  }
}
