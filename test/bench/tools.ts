import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The programs that take part, and the Debian packages that bring them. */
const packages = {
  nginx: "nginx",
  curl: "curl",
  rclone: "rclone",
  wget2: "wget2",
  aria2c: "aria2",
  wrk: "wrk",
} as const;
export type Tool = keyof typeof packages;

/** Where each wanted program lies. What is missing is installed where that is ours to do, else told and left out. */
export function findTools(
  wanted: ReadonlySet<Tool>,
  { install, say }: { install: boolean; say: (line: string) => void },
): ReadonlyMap<Tool, string> {
  const missing = [...wanted].filter((tool) => locate(tool) === undefined);
  if (missing.length > 0 && install && process.getuid?.() === 0 && existsSync("/etc/debian_version")) {
    say(`installing ${missing.join(", ")}`);
    installPackages(missing.map((tool) => packages[tool]));
  }
  const found = new Map<Tool, string>();
  for (const tool of wanted) {
    const path = locate(tool);
    if (path === undefined)
      say(`${tool} is missing and left out (Debian: apt-get install ${packages[tool]})`);
    else found.set(tool, path);
  }
  return found;
}

function locate(tool: Tool): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, tool)).find(isExecutable);
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
