import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A listening address that can be closed and opened again at the same port. */
export interface Listener {
  readonly url: string;
  open(): Promise<void>;
  /** Refuses new connections and breaks the open ones. */
  close(): Promise<void>;
}

export async function listen(answer: RequestListener, host: string, port = 0): Promise<Listener> {
  let server = await serve(answer, host, port);
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    async open() {
      if (!server.listening) server = await serve(answer, host, bound);
    },
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(answer: RequestListener, host: string, port: number): Promise<Server> {
  const server = createServer({ keepAlive: true, noDelay: true, keepAliveTimeout: 60_000 }, answer);
  // A client may stall or be slow.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.listen(port, host, 4096);
  await once(server, "listening");
  return server;
}
