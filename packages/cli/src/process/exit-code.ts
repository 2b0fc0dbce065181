import { ConfigError, FatalError, HostError } from "@brigade/core";
import { CommanderError } from "commander";

/** What the process ends with. `--help` prints it. */
export const exitCode = {
  complete: 0,
  internal: 1,
  usage: 2,
  incomplete: 3,
  cannotGoOn: 4,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export const exitCodeHelp = `
Exit codes:
  0    all objects accounted for, none failed (vanished ones are no failure)
  1    internal error
  2    usage or configuration
  3    finished, but objects or directories failed or are unaccounted for
  4    could not go on: no room, a disk that fails, credentials refused, source away for too long
  130  interrupted; run the same command again to go on`;

/** Returns the exit code of an error. No other place decides this. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ConfigError) return exitCode.usage;
  if (error instanceof FatalError || error instanceof HostError) return exitCode.cannotGoOn;
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.complete : exitCode.usage;
  return exitCode.internal;
}
