import { mkdirSync, writeFileSync } from "node:fs";

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../free-ports.ts";
import { startInBackground } from "../get/background.ts";
import { type Nginx, startNginx } from "../get/nginx.ts";

/** A real web server with index pages, on loopback. */
export type Site = Nginx;

/** Starts one on the files in `root`; its own files lie in `home`. */
type StartSite = (home: string, root: string) => Promise<Site>;

/** `options`: how its index pages look. */
function apacheWith(options: string): StartSite {
  return (home, root) => startApache(home, root, options);
}

async function startApache(home: string, root: string, options: string): Promise<Site> {
  const modules = ["mpm_event", "authz_core", "autoindex", "dir", "mime"];
  const folder = "/usr/lib/apache2/modules";
  const isRoot = process.getuid?.() === 0;
  return await start("apache2", home, (port) => {
    const configuration = join(home, "apache.conf");
    writeFileSync(
      configuration,
      `${modules.map((name) => `LoadModule ${name}_module ${folder}/mod_${name}.so`).join("\n")}
ServerRoot ${home}
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile ${home}/apache.pid
Mutex file:${home}
ErrorLog ${home}/error.log
TypesConfig /dev/null
AddEncoding x-gzip .gz
DocumentRoot ${root}
${isRoot ? "User www-data\nGroup www-data" : ""}
<Directory ${root}>
  Options +Indexes
  IndexOptions ${options}
  Require all granted
</Directory>
`,
    );
    return ["-f", configuration, "-DFOREGROUND"];
  });
}

async function startCaddy(home: string, root: string): Promise<Site> {
  return await start("caddy", home, (port) => {
    const configuration = join(home, "Caddyfile");
    writeFileSync(
      configuration,
      `{
  admin off
  auto_https off
  storage file_system ${home}/caddy
}
http://127.0.0.1:${port} {
  root * ${root}
  file_server browse
}
`,
    );
    return ["run", "--adapter", "caddyfile", "--config", configuration];
  });
}

async function startPython(home: string, root: string): Promise<Site> {
  return await start("python3", home, (port) => [
    ...["-m", "http.server", "--bind", "127.0.0.1", "--protocol", "HTTP/1.1", "--directory", root],
    `${port}`,
  ]);
}

async function startLighttpd(home: string, root: string): Promise<Site> {
  return await start("lighttpd", home, (port) => {
    const configuration = join(home, "lighttpd.conf");
    writeFileSync(
      configuration,
      `server.document-root = "${root}"
server.bind = "127.0.0.1"
server.port = ${port}
server.errorlog = "${home}/error.log"
dir-listing.activate = "enable"
dir-listing.encoding = "utf-8"
`,
    );
    return ["-D", "-f", configuration];
  });
}

async function startMiniHttpd(home: string, root: string): Promise<Site> {
  return await start("mini_httpd", home, (port) => [
    ...["-D", "-h", "127.0.0.1", "-p", `${port}`, "-d", root],
    ...["-T", "UTF-8", "-i", join(home, "mini-httpd.pid"), "-l", "/dev/null"],
  ]);
}

/** http-server, from npm. */
async function startHttpServer(home: string, root: string): Promise<Site> {
  const program = fileURLToPath(import.meta.resolve("http-server/bin/http-server"));
  return await start(process.execPath, home, (port) => [
    ...[program, root, "-a", "127.0.0.1", "-p", `${port}`],
    ...["-c-1", "--silent"],
  ]);
}

async function start(program: string, home: string, argsFor: (port: number) => string[]): Promise<Site> {
  mkdirSync(home, { recursive: true });
  const port = await freePort();
  const service = await startInBackground(program, argsFor(port), port, { quiet: true });
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  };
}

function nginxWith(rules: string, ...modules: string[]): StartSite {
  return async (home, root) => {
    mkdirSync(home, { recursive: true });
    return await startNginx(home, root, rules, modules);
  };
}

const fancyindex = "/usr/lib/nginx/modules/ngx_http_fancyindex_module.so";

/** Every kind of index page that the documents promise to read. */
export const sites: Readonly<Record<string, StartSite>> = {
  nginx: nginxWith("autoindex on;"),
  "nginx in JSON": nginxWith("autoindex on; autoindex_format json;"),
  "nginx with rounded sizes": nginxWith("autoindex on; autoindex_exact_size off;"),
  "nginx with local times": nginxWith("autoindex on; autoindex_localtime on;"),
  Apache: apacheWith("FancyIndexing NameWidth=10"),
  Caddy: startCaddy,
  "python -m http.server": startPython,
};

/** Others, whose pages are read too. */
export const otherSites: Readonly<Record<string, StartSite>> = {
  "nginx's fancyindex": nginxWith("fancyindex on;", fancyindex),
  "Apache in an HTML table": apacheWith("FancyIndexing HTMLTable IconsAreLinks Charset=UTF-8"),
  "Apache in a plain list": apacheWith("None"),
  lighttpd: startLighttpd,
  "http-server": startHttpServer,
  mini_httpd: startMiniHttpd,
};

/** The programs that they need. */
export const programs = [
  "nginx",
  fancyindex,
  "apache2",
  "caddy",
  "python3",
  "lighttpd",
  "mini_httpd",
] as const;
