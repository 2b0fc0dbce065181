import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Programs that tests and benchmarks start, and the Debian packages that bring them. */
const packages = {
  nginx: "nginx-light",
  apache2: "apache2",
  caddy: "caddy",
  python3: "python3",
  squid: "squid",
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

/** Where each of these lies; what is missing is installed (root on Debian). Throws with what to do where that is not ours. */
export function requirePrograms(...wanted: readonly Program[]): void {
  const say = (line: string) => console.error(line);
  const found = findPrograms(new Set(wanted), { install: true, say });
  const missing = wanted.filter((program) => !found.has(program));
  if (missing.length > 0) throw new Error(`these tests need ${missing.join(", ")}`);
}

/** Where each wanted program lies. What is missing is installed where that is ours to do, else told and left out. */
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

/** Packages one by one: one that does not exist must not keep the others away. */
function installPackages(names: readonly string[]): void {
  // At run level 1 a package's service (nginx on port 80) is not started.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const apt = (...args: string[]) => spawnSync("apt-get", ["-qq", ...args], { env, stdio: "ignore" });
  apt("update");
  for (const name of names) apt("install", "-y", "--no-install-recommends", name);
}
