import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Bucket } from "../bucket/index.ts";
import { freePort } from "../free-ports.ts";
import { killedWithItsTest } from "../killed-with-its-test.ts";
import { ownState } from "../programs.ts";
import { until } from "../waiting.ts";

const command = fileURLToPath(new URL("../../packages/cli/bin/brigade.js", import.meta.url));
const token = "a token for tests";

export type Role = "ledger" | "lister" | "downloader";

/** A running service. */
export interface Service {
  readonly role: Role;
  readonly pid: number;
  /** Of its health and metrics. */
  readonly url: string;
  /** Lines of its log, oldest first. */
  readonly log: readonly LogLine[];
  /** Exit code; null when a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM; returns the exit code. */
  drain(): Promise<number | null>;
}

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface JobView {
  readonly id: string;
  readonly state: "open" | "complete" | "incomplete" | "cancelled";
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly progress: {
    readonly listed: { readonly objects: number };
    readonly stored: { readonly objects: number };
    readonly failed: { readonly objects: number };
    readonly directories: { readonly known: number; readonly done: number };
  };
}

export interface DirectoryView {
  readonly directory: string;
  readonly state: "listing" | "done" | "failed";
  readonly listed: { readonly objects: number };
  readonly stored: { readonly objects: number };
}

export interface FleetOptions {
  readonly amqpUrl: string;
  readonly bucket: Pick<Bucket, "operator" | "restUrl">;
  readonly folder: string;
  /** For all services. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Another place of the command than this checkout's. */
  readonly command?: string;
}

/** The output of a command, and its exit code. */
interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Services as an operator runs them: processes of the real command around a broker, a bucket and a
 * ledger.
 */
export class Fleet implements AsyncDisposable {
  readonly #options: FleetOptions;
  readonly #ledgerPort: number;
  readonly #started: Service[] = [];
  readonly #running = new Set<Service>();

  private constructor(options: FleetOptions, ledgerPort: number) {
    this.#options = options;
    this.#ledgerPort = ledgerPort;
  }

  static async create(options: FleetOptions): Promise<Fleet> {
    return new Fleet(options, await freePort());
  }

  get #command(): string {
    return this.#options.command ?? command;
  }

  get ledgerUrl(): string {
    return `http://127.0.0.1:${this.#ledgerPort}`;
  }

  /** `wrapper`, here and below: a command that runs it elsewhere, or within limits. */
  async ledger(environment: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []): Promise<Service> {
    const own = { LEDGER_PATH: join(this.#options.folder, "ledger.sqlite"), ...environment };
    return await this.#start("ledger", this.#ledgerPort, own, wrapper);
  }

  async lister(environment: NodeJS.ProcessEnv = {}, wrapper: readonly string[] = []): Promise<Service> {
    return await this.#start("lister", await freePort(), environment, wrapper);
  }

  /** A downloader on a volume of this name; processes may share one. */
  async downloader(
    volume: string,
    environment: NodeJS.ProcessEnv = {},
    wrapper: readonly string[] = [],
  ): Promise<Service> {
    const root = this.volume(volume);
    await mkdir(root, { recursive: true });
    const own = { VOLUMES: root, VOLUME_AUTO_INIT: "true", USER_AGENT: volume, ...environment };
    return await this.#start("downloader", await freePort(), own, wrapper);
  }

  volume(name: string): string {
    return join(this.#options.folder, name);
  }

  /** Runs a command of an operator to its end. */
  async run(...args: string[]): Promise<Finished> {
    return await this.launch(...args).finished;
  }

  /** Like `run`, but returns at once, so that a test can watch it. */
  launch(...args: string[]): { readonly stderr: () => string; readonly finished: Promise<Finished> } {
    const child = killedWithItsTest(
      spawn(process.execPath, [this.#command, ...args], {
        cwd: tmpdir(),
        env: this.#environment(),
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const finished = once(child, "close").then(([code]) => ({ code, stdout, stderr }));
    return { stderr: () => stderr, finished };
  }

  /**
   * Starts a job of the source, as soon as the ledger answers, and returns its id. Throws when the
   * command fails.
   */
  async start(source = "demo"): Promise<string> {
    await until("the ledger answers", async () => (await this.#ask("/healthz")) !== undefined);
    const { code, stdout, stderr } = await this.run("start", source, "--json");
    if (code !== 0) throw new Error(`brigade start ended with ${code}: ${stderr}`);
    return JSON.parse(stdout).job;
  }

  /** Returns the ledger's view of a job; `undefined` while it does not answer. */
  async job(id: string): Promise<JobView | undefined> {
    const response = await this.#ask(`/api/jobs/${id}`);
    return response === undefined ? undefined : JSON.parse(response);
  }

  /**
   * Returns the job when it is closed. Throws after `withinMs`, with the last state of the job and
   * the last lines of each service.
   */
  async closed(id: string, withinMs = 180_000): Promise<JobView> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const job = await this.job(id);
      if (job !== undefined && job.state !== "open") return job;
      if (Date.now() > deadline)
        throw new Error(`the job is not closed: ${JSON.stringify(job)}\n${this.lastLines()}`);
      await sleep(100);
    }
  }

  /** Objects of a job that failed. */
  failures(id: string): Promise<{ key: string; reason: string }[]> {
    return this.#rows(`/api/jobs/${id}/failures`);
  }

  /** The accounts of each directory of a job. */
  directories(id: string): Promise<DirectoryView[]> {
    return this.#rows(`/api/jobs/${id}/directories`);
  }

  async #rows<T>(path: string): Promise<T[]> {
    const lines = await this.#ask(path);
    if (lines === undefined) throw new Error(`the ledger does not answer ${path}`);
    const rows = lines
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    if (rows.pop()?.end !== true) throw new Error(`the answer to ${path} breaks off`);
    return rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#running].map((service) => service.kill()));
  }

  /** The last lines of the log of each service that was started, also of those that have ended. */
  lastLines(): string {
    const lines = this.#started.flatMap(({ role, pid, log }) =>
      log.slice(-10).map((line) => `${role} ${pid}: ${JSON.stringify(line)}`.slice(0, 600)),
    );
    return lines.join("\n");
  }

  #environment(): NodeJS.ProcessEnv {
    const { amqpUrl, bucket, environment } = this.#options;
    return {
      PATH: process.env.PATH,
      ...ownState,
      AMQP_URL: amqpUrl,
      SOURCES: "demo=upyun://demo/",
      UPYUN_OPERATOR: bucket.operator,
      UPYUN_PASSWORD: "password",
      UPYUN_ENDPOINT: bucket.restUrl,
      LEDGER_URL: this.ledgerUrl,
      LEDGER_TOKEN: token,
      LOG_LEVEL: "debug",
      ...environment,
    };
  }

  async #ask(path: string): Promise<string | undefined> {
    const headers = { authorization: `Bearer ${token}` };
    try {
      const response = await fetch(this.ledgerUrl + path, { headers });
      return response.ok ? await response.text() : undefined;
    } catch {
      return undefined; // the ledger may be down: tests stop it
    }
  }

  async #start(
    role: Role,
    port: number,
    environment: NodeJS.ProcessEnv,
    wrapper: readonly string[] = [],
  ): Promise<Service> {
    const [program = "", ...args] = [...wrapper, process.execPath, this.#command, role];
    const child = killedWithItsTest(
      spawn(program, args, {
        cwd: tmpdir(),
        env: { ...this.#environment(), HTTP_PORT: String(port), ...environment },
        stdio: ["ignore", "inherit", "pipe"],
      }),
    );
    const service = serviceOf(role, child, `http://127.0.0.1:${port}`);
    this.#started.push(service);
    this.#running.add(service);
    void service.ended.then(() => this.#running.delete(service));
    return service;
  }
}

function serviceOf(role: Role, child: ChildProcess, url: string): Service {
  const log: LogLine[] = [];
  if (child.stderr === null || child.pid === undefined) throw new Error(`${role} could not be started`);
  createInterface(child.stderr).on("line", (line) => log.push(parsed(line)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  return {
    role,
    pid: child.pid,
    url,
    log,
    ended,
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
    async drain() {
      child.kill("SIGTERM");
      return await ended;
    },
  };
}

/** A line that is no JSON is for people: the command's last line. */
function parsed(line: string): LogLine {
  try {
    return JSON.parse(line);
  } catch {
    return { level: 60, msg: line };
  }
}
