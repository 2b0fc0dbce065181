import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { freePort } from "../../free-ports.ts";
import { startInBackground } from "../../get/background.ts";
import type { RunningProxy } from "../../get/proxies.ts";
import { requirePrograms } from "../../programs.ts";
import { listening } from "./ports.ts";

/**
 * Returns the URL of a proxy that answers CONNECT, and requests for http:// URLs, with this status.
 */
export async function refusingProxy(t: TestContext, status: number): Promise<string> {
  const proxy = await changingProxy(t);
  proxy.refusal = status;
  return proxy.url;
}

/** A proxy for https:// that a test can make refuse. */
export interface ChangingProxy {
  readonly url: string;
  /** The status of its refusals; `undefined`: it connects. */
  refusal: number | undefined;
}

/**
 * For every host name it connects to that port of this machine. Open connections are cut when it
 * begins to refuse.
 */
export async function changingProxy(t: TestContext): Promise<ChangingProxy> {
  let refusal: number | undefined;
  const tunnels = new Set<Socket>();
  const server = createServer((_request, response) => void response.writeHead(refusal ?? 501).end());
  server.on("connect", ({ url = "" }, near: Socket) => {
    near.on("error", () => {});
    if (refusal !== undefined) return void near.end(`HTTP/1.1 ${refusal} No\r\n\r\n`);
    const far = connect(Number(url.split(":").at(-1)), "127.0.0.1", () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    tunnels.add(near);
    far.on("error", () => near.destroy());
    near.on("close", () => {
      far.destroy();
      tunnels.delete(near);
    });
  });
  const url = `http://127.0.0.1:${await listening(t, server)}`;
  return {
    url,
    get refusal() {
      return refusal;
    },
    set refusal(status) {
      refusal = status;
      if (status !== undefined) for (const tunnel of tunnels) tunnel.destroy();
    },
  };
}

/** A tinyproxy that connects to these ports; without them to all. */
export async function startTinyproxy(home: string, ports: readonly number[] = []): Promise<RunningProxy> {
  requirePrograms("tinyproxy");
  const allowed = ports.map((port) => `ConnectPort ${port}\n`).join("");
  return await startProxy(home, "tinyproxy", (port, file) => ({
    settings: `Port ${port}\nListen 127.0.0.1\nTimeout 60\n${allowed}`,
    args: ["-d", "-c", file],
  }));
}

/** A privoxy with the rules that Debian ships. */
export async function startPrivoxy(home: string): Promise<RunningProxy> {
  requirePrograms("privoxy");
  const rules = ["match-all.action", "default.action"].map((name) => `actionsfile ${name}\n`).join("");
  return await startProxy(home, "privoxy", (port, file) => ({
    settings: `confdir /etc/privoxy\n${rules}filterfile default.filter\nlisten-address 127.0.0.1:${port}\n`,
    args: ["--no-daemon", file],
  }));
}

interface ProxyProgram {
  readonly settings: string;
  readonly args: readonly string[];
}

/** It logs its clients on standard error. */
async function startProxy(
  home: string,
  program: "tinyproxy" | "privoxy",
  configured: (port: number, file: string) => ProxyProgram,
): Promise<RunningProxy> {
  const port = await freePort();
  const file = join(home, `${program}.conf`);
  const { settings, args } = configured(port, file);
  writeFileSync(file, settings);
  const service = await startInBackground(program, args, port, { quiet: true });
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}
