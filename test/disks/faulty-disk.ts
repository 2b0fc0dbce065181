import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

type Call =
  | "create"
  | "open"
  | "rename"
  | "mkdir"
  | "unlink"
  | "statfs"
  | "write"
  | "utimes"
  | "sync"
  | "lock";

/** Error numbers. Node has no names for some. */
const numbers = {
  ...constants.errno,
  ...{ ENOLCK: 37, ESTALE: 116, EUCLEAN: 117, EDQUOT: 122 },
  ...{ hang: 0, hide: -1, zeros: -1 },
} as const;

export interface DiskFault {
  readonly call: Call;
  /**
   * `hang`: the call waits while the file named by `HANG_WHILE` is there. `hide`, for `unlink`: an
   * open file stays in its folder under another name until it is closed, as on FUSE and NFS.
   * `zeros`, for `statfs`: nothing is counted.
   */
  readonly error: keyof typeof numbers;
  /** Paths that hold this text; one that begins with `=`: paths that end with the rest. */
  readonly path: string;
  /** Of such calls, counted from 1. */
  readonly first?: number;
  readonly last?: number;
}

/**
 * Environment of a process whose disks fail so: its calls of libc go through a library of the test.
 */
export function faultyDisk(...faults: readonly DiskFault[]): NodeJS.ProcessEnv {
  const rules = faults.map(({ call, error, path, first = 1, last }) => {
    return [call, numbers[error], path, first, ...(last === undefined ? [] : [last])].join(":");
  });
  return { LD_PRELOAD: library(), FAULTS: rules.join(" ") };
}

let compiled: string | undefined;

function library(): string {
  if (compiled !== undefined) return compiled;
  const folder = mkdtempSync(join(tmpdir(), "brigade-faulty-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  compiled = join(folder, "faulty-disk.so");
  const source = fileURLToPath(new URL("faulty-disk.c", import.meta.url));
  execFileSync("gcc", ["-shared", "-fPIC", "-O1", "-o", compiled, source, "-ldl"], { stdio: "pipe" });
  return compiled;
}
