import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ConfigError } from "@brigade/core";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";

export interface Listener extends AsyncDisposable {
  readonly url: string;
}

/** Answers over HTTP until it is disposed. Throws ConfigError if the address is not available. */
export async function listen(app: Hono, { host, port }: { host: string; port: number }): Promise<Listener> {
  const server = serve({ fetch: app.fetch, hostname: host, port }) as Server;
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`HTTP_HOST, HTTP_PORT: ${reason}`], { cause: error });
  }
  const { port: found } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${found}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
