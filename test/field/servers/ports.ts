import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type Certificate, type CertificateOptions, writeCertificate } from "../../certificate.ts";

/** Made in a folder that is removed after the test. */
export function makeCertificate(t: TestContext, options?: CertificateOptions): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "brigade-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return writeCertificate(folder, options);
}

/** The port that it listens on, on 127.0.0.1, until the test ends. */
export async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).on("close", () => sockets.delete(socket));
  });
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const fine: RequestListener = (_request: unknown, response: ServerResponse) => void response.end("fine");

export const httpPort = (t: TestContext, answer = fine) => listening(t, createServer(answer));

export const tlsPort = (t: TestContext, options: ServerOptions, answer = fine) =>
  listening(t, createTlsServer(options, answer));

/** A port that calls this function for each connection. */
export const tcpPort = (t: TestContext, greet: (socket: Socket) => void) =>
  listening(
    t,
    createTcpServer((socket) => {
      socket.on("error", () => {});
      greet(socket);
    }),
  );
