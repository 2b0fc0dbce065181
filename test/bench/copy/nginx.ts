import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeCertificate } from "../../certificate.ts";
import { freePort } from "../../free-ports.ts";
import { startInBackground } from "../../get/background.ts";

export interface Nginx extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https://…` */
  readonly url: string;
  /** With `tls`: the file of the certificate to be trusted. */
  readonly authority: string | undefined;
}

/**
 * A private nginx on a free loopback port that serves `root`, with its own configuration and
 * folders below `home`. A file named by its MD5 is sent with that as Content-MD5, as UpYun does;
 * folders are listed for rclone. `tls`: by HTTPS, with a certificate that is made for it.
 */
export async function startNginx(
  program: string,
  { home, root, tls }: { home: string; root: string; tls: boolean },
): Promise<Nginx> {
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  const certificate = tls ? writeCertificate(home) : undefined;
  const tlsLines =
    certificate && `ssl_certificate ${certificate.file}; ssl_certificate_key ${certificate.keyFile};`;
  const configuration = join(home, "nginx.conf");
  const listen = `listen 127.0.0.1:${port} backlog=4096 ${tls ? "ssl" : ""}; ${tlsLines ?? ""}`;
  writeFileSync(configuration, configurationOf({ home, root, listen }));
  const args = ["-p", home, "-c", configuration, "-e", join(home, "error.log")];
  const service = await startInBackground(program, args, port);
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    authority: certificate?.file,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

/**
 * It has no open_file_cache: with tens of thousands of files nginx would run out of descriptors.
 */
function configurationOf({ home, root, listen }: { home: string; root: string; listen: string }): string {
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
    ${listen}
    root ${root};
    autoindex on;
    location ~ "/([0-9a-f]+)[.]jpg$" { add_header Content-MD5 $1; }
  }
}
`;
}
