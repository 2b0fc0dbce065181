import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";

/**
 * What it does to a request: its head, the socket to answer on, and which request this is, from 0.
 */
export type RawAnswer = (socket: Socket, head: string, index: number) => void;

export interface RawServer {
  readonly url: string;
  /** Of the requests that have come. */
  readonly heads: string[];
  /** Connections that were made, in order. */
  readonly sockets: ReadonlySet<Socket>;
}

/** A server that says what no well-behaved one would. `tls`: it speaks https. */
export async function serveRaw(t: TestContext, answer: RawAnswer, tls?: TlsOptions): Promise<RawServer> {
  const heads: string[] = [];
  const sockets = new Set<Socket>();
  const accept = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // The client goes away when it has what it wants.
    socket.on("error", () => {});
    let text = "";
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end !== -1; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        heads.push(head);
        answer(socket, head, heads.length - 1);
      }
    });
  };
  const server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const scheme = tls === undefined ? "http" : "https";
  return { url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, heads, sockets };
}
