import { spawn } from "node:child_process";
import { once } from "node:events";
import { createConnection } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { killedWithItsTest } from "../killed-with-its-test.ts";

/**
 * A program that serves on a loopback port, until it is disposed. Throws when it does not begin to
 * listen. `quiet`: its standard error is an access log.
 */
export async function startInBackground(
  program: string,
  args: readonly string[],
  port: number,
  { quiet = false }: { readonly quiet?: boolean } = {},
): Promise<AsyncDisposable> {
  const child = killedWithItsTest(
    spawn(program, args, {
      stdio: ["ignore", "ignore", quiet ? "ignore" : "inherit"],
      env: { ...process.env, TZ: "America/St_Johns" },
    }),
  );
  const ended = once(child, "close").then(([code]) => code);
  const service = {
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null) child.kill("SIGTERM");
      await ended;
    },
  };
  const failed = once(child, "error").then(([error]) => {
    throw new Error(`${program} is needed for this test`, { cause: error });
  });
  const left = ended.then((code) => {
    throw new Error(`${program} ended with ${code}`);
  });
  for (const promise of [failed, left]) promise.catch(() => {});
  await Promise.race([listening(port), failed, left]);
  return service;
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const socket = createConnection(port, "127.0.0.1");
    try {
      await once(socket, "connect");
      return;
    } catch {
      // Not yet.
      await sleep(20);
    } finally {
      socket.destroy();
    }
  }
  throw new Error(`nothing listens on port ${port}`);
}
