import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../free-ports.ts";

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/**
 * A private nginx on a free loopback port that serves `root`, with its own configuration and
 * folders below `home`. A file named by its MD5 is sent with that as Content-MD5, as UpYun does;
 * folders are listed for rclone.
 */
export async function startNginx(
  program: string,
  { home, root }: { home: string; root: string },
): Promise<Nginx> {
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  const configuration = join(home, "nginx.conf");
  writeFileSync(configuration, configurationOf({ home, root, port }));
  const child = spawn(program, ["-p", home, "-c", configuration, "-e", join(home, "error.log")], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await Promise.race([
    answering(url),
    once(child, "exit").then(([code]) => {
      throw new Error(`nginx ended with ${code}, see ${home}/error.log`);
    }),
  ]);
  return {
    url,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function answering(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await fetch(url, { method: "HEAD" });
      return;
    } catch (error) {
      if (Date.now() > deadline) throw new Error("nginx does not answer", { cause: error });
      await sleep(20);
    }
  }
}

/**
 * It has no open_file_cache: with tens of thousands of files nginx would run out of descriptors.
 */
function configurationOf({ home, root, port }: { home: string; root: string; port: number }): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${home}/${name};`)
    .join("\n");
  return `${process.getuid?.() === 0 ? "user root;\n" : ""}daemon off;
worker_processes 2;
worker_rlimit_nofile 65536;
pid ${home}/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
${temporary}
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  default_type image/jpeg;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${root};
    autoindex on;
    location ~ "/([0-9a-f]+)[.]jpg$" { add_header Content-MD5 $1; }
  }
}
`;
}
