import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Finished } from "../e2e/brigade.ts";
import { killedWithItsTest } from "../killed-with-its-test.ts";
import { ownState } from "../programs.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));
const groups = "/sys/fs/cgroup/memory";

export interface Limit {
  /** MiB. A process that needs more is killed: there is no swap. */
  readonly memory?: number;
  /** `ulimit -n`. */
  readonly openFiles?: number;
}

/** Throws where memory cannot be limited here. */
export function requireMemoryGroups(): void {
  try {
    accessSync(`${groups}/memory.limit_in_bytes`, constants.W_OK);
  } catch (error) {
    throw new Error(
      "these tests need root and the memory controller of control groups, version 1, at /sys/fs/cgroup/memory",
      { cause: error },
    );
  }
}

/** The command that runs another command, given as further words, within limits. */
export function limiter(t: TestContext, { memory, openFiles }: Limit): readonly string[] {
  const steps: string[] = [];
  if (memory !== undefined) steps.push(`echo $$ > ${memoryGroup(t, memory)}/cgroup.procs`);
  if (openFiles !== undefined) steps.push(`ulimit -n ${openFiles}`);
  return ["sh", "-c", [...steps, 'exec "$@"'].join("; "), "sh"];
}

/** Runs `brigade` as `e2e/brigade.ts` does, within limits. */
export async function limitedBrigade(
  t: TestContext,
  limit: Limit,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const [program = "", ...words] = [...limiter(t, limit), process.execPath, command, ...args];
  const child = killedWithItsTest(
    spawn(program, words, {
      cwd: tmpdir(),
      env: { PATH: process.env.PATH, ...ownState, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    }),
  );
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: code as number | null, stdout, stderr };
}

function memoryGroup(t: TestContext, mebibytes: number): string {
  const group = `${groups}/brigade-test-${process.pid}-${crypto.randomUUID().slice(0, 8)}`;
  mkdirSync(group);
  t.after(async () => {
    // The kernel counts a process for a moment after its end.
    while (readFileSync(`${group}/cgroup.procs`, "utf8") !== "") await sleep(10);
    rmdirSync(group);
  });
  const bytes = String(mebibytes * 2 ** 20);
  writeFileSync(`${group}/memory.limit_in_bytes`, bytes);
  writeFileSync(`${group}/memory.memsw.limit_in_bytes`, bytes);
  return group;
}
