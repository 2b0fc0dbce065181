import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { ownState } from "../programs.ts";
import { descendants, peakRssOf, reapedCpuSeconds, type ThreadTime, ThreadWatch } from "./processes.ts";

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface MeasuredRun {
  /** From spawn to exit: a program's own start counts. */
  readonly seconds: number;
  /** User and system time of the program and of all its children that ended. */
  readonly cpuSeconds: number;
  /**
   * Of the program and its children. Less than `cpuSeconds` by what threads used after they were
   * last looked at.
   */
  readonly threads: readonly ThreadTime[];
  /** Bytes: the sum of the peaks of all processes of the tree. */
  readonly peakRss: number;
  /** The last 64 KiB. */
  readonly stdout: string;
}

const samplingMs = 50;
const keptOutput = 65_536;

/**
 * Runs a command alone and accounts for it; throws when it fails or takes too long.
 *
 * CPU time is what /proc/self/stat gains under "children that were waited for" (cutime, cstime),
 * which the kernel adds up when a child is reaped, its own children included: exact, but only right
 * while nothing else is reaped. Memory is VmHWM, the kernel's own high-water mark. This and the time
 * of each thread are read every 50 ms: only what comes in the last 50 ms can be missed.
 */
export async function runMeasured(
  command: Command,
  { cwd, timeoutMs, signal }: { cwd: string; timeoutMs: number; signal: AbortSignal },
): Promise<MeasuredRun> {
  signal.throwIfAborted();
  const cpuBefore = reapedCpuSeconds();
  const began = performance.now();
  const child = spawn(command.program, command.args, {
    cwd,
    env: { ...withoutProxies(process.env), ...ownState, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    killSignal: "SIGKILL",
  });
  const stdout = tailOf(child.stdout);
  const stderr = tailOf(child.stderr);
  const watch = new AbortController();
  const sampling = sample(child.pid, watch.signal);
  const { code, error, exitedAt } = await ending(child);
  watch.abort();
  const sampled = await sampling;
  signal.throwIfAborted();
  if (error?.name === "AbortError")
    throw new Error(`took longer than ${timeoutMs / 1000} s`, { cause: error });
  if (error !== undefined) throw error;
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr().trim().slice(-2000)}`);
  return {
    seconds: (exitedAt - began) / 1000,
    cpuSeconds: reapedCpuSeconds() - cpuBefore,
    ...sampled,
    stdout: stdout(),
  };
}

interface Ending {
  /** The exit code, or the signal that ended it. */
  readonly code: number | NodeJS.Signals | null;
  /** It could not be started, or was killed by its AbortSignal. */
  readonly error: Error | undefined;
  readonly exitedAt: number;
}

/** Resolves when the command has ended in any way and all its output was read. */
function ending(child: ChildProcess): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let error: Error | undefined;
  let exitedAt = Number.NaN;
  child.once("error", (reason) => {
    error = reason;
  });
  child.once("exit", () => {
    exitedAt = performance.now();
  });
  child.once("close", (code, killer) => resolve({ code: code ?? killer, error, exitedAt }));
  return promise;
}

/** No proxy of the environment is used for loopback. */
function withoutProxies(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));
}

function tailOf(stream: NodeJS.ReadableStream): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    text = (text + chunk).slice(-keptOutput);
  });
  return () => text;
}

/** Until the signal. */
async function sample(
  root: number | undefined,
  signal: AbortSignal,
): Promise<Pick<MeasuredRun, "peakRss" | "threads">> {
  const peaks = new Map<number, number>();
  const watch = new ThreadWatch();
  while (root !== undefined && !signal.aborted) {
    for (const pid of [root, ...descendants(root)]) {
      const peak = peakRssOf(pid);
      if (peak !== undefined) peaks.set(pid, peak);
      watch.look(pid);
    }
    await sleep(samplingMs, undefined, { signal }).catch(ignoreAbort);
  }
  return { peakRss: sum(peaks.values()), threads: watch.times() };
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "AbortError") throw error;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
