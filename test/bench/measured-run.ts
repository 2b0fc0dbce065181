import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { ownState } from "../programs.ts";

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
  /** Bytes: the sum of the peaks of all processes of the tree. */
  readonly peakRss: number;
  /** The last 64 KiB. */
  readonly stdout: string;
}

const ticksPerSecond = 100;
const samplingMs = 50;
const keptOutput = 65_536;

/**
 * Runs a command alone and accounts for it; throws when it fails or takes too long.
 *
 * CPU time is what /proc/self/stat gains under "children that were waited for" (cutime, cstime),
 * which the kernel adds up when a child is reaped, its own children included: exact, but only right
 * while nothing else is reaped. Memory is VmHWM, the kernel's own high-water mark, read every 50
 * ms: only growth in the last 50 ms can be missed.
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
  const sampling = samplePeaks(child.pid, watch.signal);
  const { code, error, exitedAt } = await ending(child);
  watch.abort();
  const peaks = await sampling;
  signal.throwIfAborted();
  if (error?.name === "AbortError")
    throw new Error(`took longer than ${timeoutMs / 1000} s`, { cause: error });
  if (error !== undefined) throw error;
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr().trim().slice(-2000)}`);
  return {
    seconds: (exitedAt - began) / 1000,
    cpuSeconds: reapedCpuSeconds() - cpuBefore,
    peakRss: sum(peaks.values()),
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

function reapedCpuSeconds(): number {
  // After the command's name in parentheses: cutime and cstime are fields 16 and 17 of the line.
  const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

/** Bytes by process id, until the signal. */
async function samplePeaks(
  root: number | undefined,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const peaks = new Map<number, number>();
  while (root !== undefined && !signal.aborted) {
    for (const pid of [root, ...descendants(root)]) {
      const peak = peakRssOf(pid);
      if (peak !== undefined) peaks.set(pid, peak);
    }
    await sleep(samplingMs, undefined, { signal }).catch(ignoreAbort);
  }
  return peaks;
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error) || error.name !== "AbortError") throw error;
}

/** Bytes, while the process lives. */
export function peakRssOf(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

function descendants(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    readProc(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Empty when the process is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
