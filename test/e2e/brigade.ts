import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import type { Bucket } from "../bucket/index.ts";
import { killedWithItsTest } from "../killed-with-its-test.ts";
import { ownState } from "../programs.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));

export interface Finished {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `brigade`. */
export interface Running {
  readonly child: ChildProcess;
  /** Its output on stderr so far. */
  readonly stderr: () => string;
  readonly finished: Promise<Finished>;
}

/**
 * Starts the real command as its users do. It gets no configuration of this process. `input` is
 * piped into it. `through`: a program that starts it, with its arguments (for example `setpriv`).
 */
export function startBrigade(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  input?: Readable,
  through: readonly string[] = [],
): Running {
  const [program = "", ...rest] = [...through, process.execPath, command, ...args];
  const child = killedWithItsTest(
    spawn(program, rest, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, ...ownState, ...environment },
      stdio: "pipe",
    }),
  );
  child.stdin.on("error", () => {}); // it may end before it has read all
  if (input === undefined) child.stdin.end();
  else input.pipe(child.stdin);
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (some: string) => {
    stderr += some;
  });
  const finished = Promise.all([text(child.stdout), once(child, "close")]).then(([stdout, [code]]) => ({
    code: code as number | null,
    stdout,
    stderr,
  }));
  return { child, stderr: () => stderr, finished };
}

export async function brigade(
  args: readonly string[],
  environment?: NodeJS.ProcessEnv,
  input?: Readable,
  through?: readonly string[],
): Promise<Finished> {
  return await startBrigade(args, environment, input, through).finished;
}

/**
 * Runs the command on a terminal: util-linux's `script` is one. `sent`: all bytes that the terminal
 * receives, `text`: the text that it shows.
 */
export async function onTerminal(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | null; readonly sent: string; readonly text: string }> {
  const line = [process.execPath, command, ...args].map((word) => `'${word}'`).join(" ");
  const child = killedWithItsTest(
    spawn("script", ["--quiet", "--return", "--command", line, "/dev/null"], {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, TERM: "xterm", ...ownState, ...environment },
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
  const [sent, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
  return { code: code as number | null, sent, text: stripVTControlCharacters(sent) };
}

/** The environment for a test bucket: bodies through REST, or through the public domain. */
export function environmentFor(bucket: Bucket, by: "rest" | "domain" = "rest"): NodeJS.ProcessEnv {
  return {
    UPYUN_OPERATOR: bucket.operator,
    UPYUN_PASSWORD: "password",
    UPYUN_ENDPOINT: bucket.restUrl,
    ...(by === "domain" && { UPYUN_DOMAIN: bucket.domainUrl }),
  };
}

/** Returns a folder that is removed when the test ends. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "brigade-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
