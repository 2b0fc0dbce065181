import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/**
 * For every `brigade` that a test starts: a separate place for its record of volumes, so that tests
 * do not share it. Any user may write there.
 */
export const ownState = { XDG_STATE_HOME: mkdtempSync(join(tmpdir(), "brigade-state-home-")) } as const;
chmodSync(ownState.XDG_STATE_HOME, 0o777);
process.once("exit", () => rmSync(ownState.XDG_STATE_HOME, { recursive: true, force: true }));

/**
 * Programs that tests and benchmarks start, or the path of what these load, and the Debian packages
 * that bring them.
 */
const packages = {
  nginx: "nginx-light",
  "/usr/lib/nginx/modules/ngx_http_fancyindex_module.so": "libnginx-mod-http-fancyindex",
  apache2: "apache2",
  caddy: "caddy",
  lighttpd: "lighttpd",
  mini_httpd: "mini-httpd",
  python3: "python3",
  squid: "squid",
  tinyproxy: "tinyproxy",
  privoxy: "privoxy",
  varnishd: "varnish",
  microsocks: "microsocks",
  haproxy: "haproxy",
  curl: "curl",
  rclone: "rclone",
  wget2: "wget2",
  aria2c: "aria2",
  wrk: "wrk",
  "mkfs.xfs": "xfsprogs",
} as const;
export type Program = keyof typeof packages;

/**
 * Installs missing programs (as root, on Debian). Throws with the remedy if it may not install
 * them.
 */
export function requirePrograms(...wanted: readonly Program[]): void {
  const say = (line: string) => console.error(line);
  const found = findPrograms(new Set(wanted), { install: true, say });
  const missing = wanted.filter((program) => !found.has(program));
  if (missing.length > 0) throw new Error(`these tests need ${missing.join(", ")}`);
}

/**
 * Returns the path of each wanted program. Missing ones are installed if `install` is set and this
 * is root on Debian; otherwise they are reported and left out.
 */
export function findPrograms(
  wanted: ReadonlySet<Program>,
  { install, say }: { install: boolean; say: (line: string) => void },
): ReadonlyMap<Program, string> {
  const missing = [...wanted].filter((program) => locate(program) === undefined);
  if (missing.length > 0 && install && process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    say(`installing ${missing.join(", ")} (apt-get)`);
    installPackages(missing.map((program) => packages[program]));
  }
  const found = new Map<Program, string>();
  for (const program of wanted) {
    const path = locate(program);
    if (path === undefined) say(`${program} is missing (Debian: apt-get install ${packages[program]})`);
    else found.set(program, path);
  }
  return found;
}

function locate(program: Program): string | undefined {
  if (isAbsolute(program)) return existsSync(program) ? program : undefined;
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs packages one by one: a package that does not exist must not stop the others. */
function installPackages(names: readonly string[]): void {
  // At run level 1 a package's service (nginx on port 80) is not started.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  // Test files that run beside each other may install, too: apt-get fails while another apt-get
  // runs.
  const lock = join(tmpdir(), "brigade-apt.lock");
  const apt = (...args: string[]) =>
    spawnSync("flock", [lock, "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300", ...args], {
      ...{ env, stdio: "ignore" },
    });
  apt("update");
  for (const name of names) apt("install", "-y", "--no-install-recommends", name);
}
