import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A key and a certificate that its own key has signed, by openssl. */
export interface Certificate {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** The certificate's path. */
  readonly file: string;
}

/** `names`: as openssl writes them. `expired`: it was good for one day in 2020. */
export function makeCertificate(
  t: TestContext,
  { names = "DNS:localhost,IP:127.0.0.1", expired = false } = {},
): Certificate {
  const folder = mkdtempSync(join(tmpdir(), "brigade-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, file] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const subject = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a test", "-keyout", key];
  if (!expired)
    openssl(["req", "-x509", ...subject, "-addext", `subjectAltName=${names}`, "-days", "2", "-out", file]);
  else {
    const [request, settings] = [join(folder, "request.pem"), join(folder, "ca.cnf")];
    openssl(["req", "-new", ...subject, "-out", request]);
    writeFileSync(join(folder, "index.txt"), "");
    writeFileSync(settings, authority(folder, names));
    openssl([
      ...["ca", "-batch", "-selfsign", "-config", settings, "-keyfile", key, "-in", request, "-out", file],
      ...["-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-extensions", "names", "-notext"],
    ]);
  }
  return { key: readFileSync(key), cert: readFileSync(file), file };
}

/** `openssl req` of before 3.4 can make no certificate of the past. */
function authority(folder: string, names: string): string {
  return `[ca]\ndefault_ca=own\n[own]\ndatabase=${folder}/index.txt\nnew_certs_dir=${folder}\nrand_serial=yes
default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n[names]\nsubjectAltName=${names}\n`;
}

function openssl(args: string[]): void {
  const made = spawnSync("openssl", args, { encoding: "utf8" });
  if (made.status !== 0) throw new Error(`this test needs openssl: ${made.error ?? made.stderr}`);
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
