import { readdirSync, readFileSync } from "node:fs";

/** The CPU time of all threads of one name. */
export interface ThreadTime {
  /**
   * As `top -H` shows it, 15 characters at most. Threads of no name of their own are numbered in
   * the order of their start.
   */
  readonly name: string;
  /** The most that one process had at once, of those that used any time. */
  readonly threads: number;
  readonly cpuSeconds: number;
}

/** What Node calls a thread that `new Worker` was given no name for. */
const nameless = "WorkerThread";
const ticksPerSecond = 100;

/** One thread as it was when it was last seen. */
interface SeenThread {
  /** Threads that start later have greater ids. */
  readonly id: number;
  readonly name: string;
  readonly cpuSeconds: number;
}

/**
 * Adds up what threads have used. What a thread uses after it was last looked at is not seen, so it
 * has to be looked at often.
 */
export class ThreadWatch {
  readonly #seen = new Map<number, SeenThread>();
  /** Which threads were there at each look. */
  readonly #looks: (readonly number[])[] = [];
  readonly #before: ReadonlyMap<number, SeenThread>;

  /** `before`: a watch whose times are not to be counted. */
  constructor(before?: ThreadWatch) {
    this.#before = before === undefined ? new Map() : before.#seen;
  }

  look(pid: number): this {
    const ids = threadsOf(pid);
    this.#looks.push(ids);
    for (const id of ids) {
      const stat = readStat(`/proc/${pid}/task/${id}/stat`);
      if (stat !== undefined) this.#seen.set(id, { id, ...stat });
    }
    return this;
  }

  /** By name, in the order of their start. */
  times(): ThreadTime[] {
    const times = new Map<string, number>();
    for (const { id, name, cpuSeconds } of this.#named()) {
      const used = cpuSeconds - (this.#before.get(id)?.cpuSeconds ?? 0);
      times.set(name, (times.get(name) ?? 0) + used);
    }
    return [...times].map(([name, cpuSeconds]) => ({ name, threads: this.#mostAtOnce(name), cpuSeconds }));
  }

  #named(): SeenThread[] {
    let numbered = 0;
    return [...this.#seen.values()]
      .sort((a, b) => a.id - b.id)
      .map((thread) =>
        thread.name === nameless ? { ...thread, name: `${nameless} ${++numbered}` } : thread,
      );
  }

  /** A thread has its creator's name until it gives itself another, so the last names count. */
  #mostAtOnce(name: string): number {
    const worked = this.#named().filter((thread) => thread.name === name && thread.cpuSeconds > 0);
    const ids = new Set(worked.map(({ id }) => id));
    return Math.max(...this.#looks.map((look) => look.filter((id) => ids.has(id)).length));
  }
}

/** User and system time of a process that runs, without its children. */
export function cpuSecondsOf(pid: number): number {
  return readStat(`/proc/${pid}/stat`)?.cpuSeconds ?? Number.NaN;
}

/** User and system time of all children of this process that have ended, their own included. */
export function reapedCpuSeconds(): number {
  return readStat("/proc/self/stat")?.reapedCpuSeconds ?? Number.NaN;
}

/** Bytes, while the process lives. */
export function peakRssOf(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readProc(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

export function descendants(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    readProc(`/proc/${pid}/task/${thread}/children`).split(" ").filter(Boolean).map(Number),
  );
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function threadsOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** `undefined` when the process or thread is gone. */
function readStat(path: string) {
  const line = readProc(path);
  // The name stands in parentheses, and may hold some.
  const [from, to] = [line.indexOf("("), line.lastIndexOf(")")];
  if (to < 0) return undefined;
  // From field 3 on. Fields 14 to 17: utime, stime, cutime, cstime.
  const fields = line.slice(to + 2).split(" ");
  const seconds = (field: number) => Number(fields[field - 3]) / ticksPerSecond;
  return {
    name: line.slice(from + 1, to),
    cpuSeconds: seconds(14) + seconds(15),
    reapedCpuSeconds: seconds(16) + seconds(17),
  };
}

/** Empty when the process is gone. */
function readProc(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
