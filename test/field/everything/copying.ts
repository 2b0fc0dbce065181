import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { killedWithItsTest } from "../../killed-with-its-test.ts";
import { ownState } from "../../programs.ts";

export interface Ended {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The user and group `nobody`. */
export const nobody = 65_534;

/** The program that runs a command as this user and group. */
export const asNobody = ["setpriv", `--reuid=${nobody}`, `--regid=${nobody}`, "--clear-groups"];

/** One command, run as an unprivileged user again and again, as an operator would. */
export class Copying {
  readonly #command: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  readonly ended: Ended[] = [];
  #child: ChildProcess | undefined;
  #end: Promise<Ended> | undefined;

  constructor(command: readonly string[], environment: NodeJS.ProcessEnv) {
    this.#command = command;
    this.#environment = environment;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const [program = "", ...args] = [...asNobody, ...this.#command];
    const child = killedWithItsTest(
      spawn(program, args, {
        cwd: "/",
        env: { PATH: process.env.PATH, ...ownState, ...this.#environment },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.#child = child;
    this.#end = Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]).then(
      ([stdout, stderr, [code]]) => {
        const ended = { code: code as number | null, stdout, stderr };
        this.ended.push(ended);
        this.#child = undefined;
        return ended;
      },
    );
  }

  async end(): Promise<Ended> {
    if (this.#end === undefined) throw new Error("it was not started");
    return await this.#end;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.end();
  }

  /** A second signal ends the command at once. */
  async terminateTwice(): Promise<void> {
    this.#child?.kill("SIGTERM");
    await sleep(300);
    this.#child?.kill("SIGTERM");
    await this.end();
  }
}
