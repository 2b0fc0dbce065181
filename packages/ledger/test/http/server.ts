import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";

/** Answers on a loopback socket, as the command line's server does. */
export async function serving(
  answer: (request: Request) => Response | Promise<Response>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = serve({ fetch: answer, hostname: "127.0.0.1", port: 0 }) as Server;
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
