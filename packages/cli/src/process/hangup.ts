import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Environment } from "@brigade/core";

/**
 * Returns whether SIGHUP was ignored when the command was started, as by `nohup`. Node ends that
 * before this code runs. So it is known from the command's shell lines (bin/brigade.js), from the
 * name that a shell leaves in `_`, or from a parent that still ignores it.
 */
export function isHangupIgnored(environment: Environment, parent: number = process.ppid): boolean {
  if (environment.BRIGADE_SIGHUP === "ignored") return true;
  return basename(environment._ ?? "") === "nohup" || ignoresHangup(parent);
}

function ignoresHangup(pid: number): boolean {
  // The first process of a machine or container ignores signals for other reasons.
  if (pid <= 1) return false;
  try {
    const [, mask = "0"] = /^SigIgn:\s*([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return (BigInt(`0x${mask}`) & 1n) === 1n;
  } catch {
    return false; // no /proc, or the parent is gone
  }
}
