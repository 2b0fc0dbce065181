import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../free-ports.ts";
import { startInBackground } from "./background.ts";

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/**
 * A private nginx that serves `root` below `/`; `rules`: further lines of its one location;
 * `modules`: the modules that it loads. Its files lie in `home`.
 */
export async function startNginx(
  home: string,
  root: string,
  rules = "",
  modules: readonly string[] = [],
): Promise<Nginx> {
  const port = await freePort();
  const configuration = join(home, "nginx.conf");
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${join(home, name)};`,
  );
  writeFileSync(
    configuration,
    `${modules.map((module) => `load_module ${module}; `).join("")}${process.getuid?.() === 0 ? "user root;" : ""} daemon off; worker_processes 2; pid ${home}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; ${temporary.join(" ")}
  server { listen 127.0.0.1:${port}; location / { root ${root}; ${rules} } }
}
`,
  );
  const args = ["-p", home, "-c", configuration, "-e", join(home, "error.log")];
  const service = await startInBackground("nginx", args, port);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}
