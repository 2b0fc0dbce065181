import { execFileSync } from "node:child_process";

/**
 * Runs a command to its end. Returns its standard output; throws with the output of a command that
 * fails.
 */
export function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
