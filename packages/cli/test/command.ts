import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { ownState } from "../../../test/programs.ts";

const command = fileURLToPath(new URL("../bin/brigade.js", import.meta.url));

/** A port of this machine that does not answer, as if the broker were away. */
export const deadEnd = "amqp://user:password@127.0.0.1:1";

/** Enough for every service to begin, with a broker that is away. */
export const environment: NodeJS.ProcessEnv = {
  AMQP_URL: deadEnd,
  SOURCES: "photos=upyun://photos docs=upyun://docs",
  UPYUN_OPERATOR: "operator",
  UPYUN_PASSWORD: "password",
  HTTP_PORT: "0",
};

export async function brigade(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const child = spawnBrigade(args, environment);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: code as number | null, stdout, stderr };
}

export function spawnBrigade(args: readonly string[], environment: NodeJS.ProcessEnv) {
  return spawn(process.execPath, [command, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH, ...ownState, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

/** A service that listens. */
export interface Running extends AsyncDisposable {
  readonly url: string;
  readonly log: Record<string, unknown>[];
  /** Exit code; `null` if a signal ended it. */
  readonly ended: Promise<number | null>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a service; resolves when it says where it listens, rejects when it ends before. */
export async function startService(name: string, environment: NodeJS.ProcessEnv): Promise<Running> {
  const child = spawnBrigade([name], environment);
  const log: Record<string, unknown>[] = [];
  const listening = Promise.withResolvers<string>();
  createInterface(child.stderr).on("line", (line) => {
    const entry = JSON.parse(line);
    log.push(entry);
    if (entry.msg === "listening") listening.resolve(entry.url);
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  ended.then((code) => listening.reject(new Error(`${name} ended with ${code}: ${JSON.stringify(log)}`)));
  return {
    url: await listening.promise,
    log,
    ended,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** A folder that goes when it is disposed. */
export async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "brigade-cli-"));
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true });
    },
  };
}
