import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../free-ports.ts";
import { startInBackground } from "../../get/background.ts";
import { requirePrograms } from "../../programs.ts";

/** A program in front of a web server that answers for it. */
export interface Gateway extends AsyncDisposable {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
}

/** A haproxy; `lines` go into its frontend. */
export async function startHaproxy(home: string, server: string, lines = ""): Promise<Gateway> {
  requirePrograms("haproxy");
  const port = await freePort();
  const file = join(home, "haproxy.cfg");
  const timeouts = ["connect", "client", "server"].map((what) => `  timeout ${what} 60s\n`).join("");
  const frontend = `frontend f\n  bind 127.0.0.1:${port}\n  ${lines}\n  default_backend b\n`;
  const backend = `backend b\n  server s ${new URL(server).host}\n`;
  writeFileSync(file, `defaults\n  mode http\n${timeouts}${frontend}${backend}`);
  const service = await startInBackground("haproxy", ["-db", "-f", file], port, { quiet: true });
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

/** A varnish with its default rules: it keeps fetched files for two minutes. */
export async function startVarnish(home: string, server: string): Promise<Gateway> {
  requirePrograms("varnishd");
  const port = await freePort();
  const folder = join(home, "varnish");
  mkdirSync(folder);
  // Its jail would need users that the system may lack.
  const args = ["-F", "-j", "none", "-n", folder, "-a", `127.0.0.1:${port}`, "-b", new URL(server).host];
  const service = await startInBackground("varnishd", args, port, { quiet: true });
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}
