import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-ports.ts";
import { requirePrograms } from "../programs.ts";
import { startInBackground } from "./background.ts";

export interface RunningProxy extends AsyncDisposable {
  /** `127.0.0.1:<port>` */
  readonly address: string;
}

export const login = { user: "me", password: "s3cret:@" };

/** A squid that requires a user and a password. */
export async function startSquid(home: string): Promise<RunningProxy> {
  requirePrograms("squid");
  const port = await freePort();
  const folder = join(home, "squid");
  mkdirSync(folder, { mode: 0o755 });
  const hash = execFileSync("openssl", ["passwd", "-apr1", login.password], { encoding: "utf8" }).trim();
  writeFileSync(join(folder, "users"), `${login.user}:${hash}\n`);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "proxy"])));
    chownSync(folder, uid ?? 0, gid ?? 0);
  }
  const configuration = join(folder, "squid.conf");
  writeFileSync(
    configuration,
    `http_port 127.0.0.1:${port}
auth_param basic program /usr/lib/squid/basic_ncsa_auth ${folder}/users
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache deny all
access_log none
cache_log ${folder}/squid.log
pid_filename ${folder}/squid.pid
coredump_dir ${folder}
pinger_enable off
shutdown_lifetime 1 seconds
${isRoot ? "cache_effective_user proxy" : ""}
`,
  );
  // Its shared memory is named for the service.
  const service = await startInBackground("squid", ["-N", "-n", `get${port}`, "-f", configuration], port);
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}

/** A SOCKS5 proxy that requires a user and a password. */
export async function startMicrosocks(): Promise<RunningProxy> {
  requirePrograms("microsocks");
  const port = await freePort();
  const args = ["-i", "127.0.0.1", "-p", String(port), "-u", login.user, "-P", login.password];
  const service = await startInBackground("microsocks", args, port, { quiet: true });
  return { address: `127.0.0.1:${port}`, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() };
}
