import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Answers on a loopback socket, as the command line's server does. */
export async function serving(
  answer: (request: Request) => Response | Promise<Response>,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(async (incoming, outgoing) => {
    const { method = "GET", headers } = incoming;
    const response = await answer(
      new Request(`http://ledger${incoming.url}`, {
        method,
        headers: headers as Record<string, string>,
        ...(method === "POST" && { body: Readable.toWeb(incoming), duplex: "half" }),
      } as RequestInit),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) outgoing.end();
    else await pipeline(Readable.fromWeb(response.body as never), outgoing).catch(() => {}); // the reader had enough
  }).listen(0, "127.0.0.1");
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
