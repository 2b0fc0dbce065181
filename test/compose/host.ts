import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const checkout = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The variables that `docker` needs to find its engine. No others of this process may reach the
 * compose file.
 */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => /^(PATH|HOME|DOCKER_.*)$/.test(name)),
);

/** Returns the standard output; rejects with the output of a command that fails. */
export async function docker(...args: string[]): Promise<string> {
  return await dockerIn(tmpdir(), args);
}

async function dockerIn(folder: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", args, {
    cwd: folder,
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.trim();
}

/** Returns whether a Docker Engine and Compose v2 answer. */
export async function engineAnswers(): Promise<boolean> {
  try {
    await docker("version");
    await docker("compose", "version");
    return true;
  } catch {
    return false;
  }
}

/** This machine's address as containers see it. */
export async function gateway(): Promise<string> {
  const address = "{{range .IPAM.Config}}{{.Gateway}} {{end}}";
  const [ipv4] = (await docker("network", "inspect", "bridge", "--format", address))
    .split(" ")
    .filter((text) => text.includes("."));
  if (ipv4 === undefined) throw new Error("the engine's bridge network has no gateway");
  return ipv4;
}

/** The image of this checkout, under a name of its own. */
export async function buildImage(): Promise<string> {
  await docker("build", "--tag", "brigade-under-test", checkout);
  return "brigade-under-test";
}

/**
 * The files of an operator on one host: a folder with the compose file, `deploy/` and a `.env`,
 * which decides the rest.
 */
export interface Host extends AsyncDisposable {
  readonly folder: string;
  /** `docker compose …` in that folder. */
  compose(...args: string[]): Promise<string>;
  /** `host:port` where a service's port is published. */
  published(service: string, port: number): Promise<string>;
}

export async function createHost(variables: Readonly<Record<string, string>>): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), "brigade-host-"));
  for (const part of ["docker-compose.yml", "deploy"]) {
    await cp(join(checkout, part), join(folder, part), { recursive: true });
  }
  const project = { COMPOSE_PROJECT_NAME: basename(folder).toLowerCase(), ...variables };
  const lines = Object.entries(project).map(([name, value]) => `${name}='${value}'\n`);
  await writeFile(join(folder, ".env"), lines.join(""));
  const compose = (...args: string[]) => dockerIn(folder, ["compose", ...args]);
  return {
    folder,
    compose,
    published: (service, port) => compose("port", service, String(port)),
    async [Symbol.asyncDispose]() {
      await compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "1");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
