import { ConfigError, FatalError, HostError, NameError, SourceError } from "@brigade/core";
import { type ExitCode, exitCode } from "../process/exit-code.ts";
import { ChecksumError } from "./checksum.ts";

/** A URL that did not become a file. */
export interface GetFailure {
  readonly message: string;
  readonly exitCode: ExitCode;
  /** All other URLs would fail too. */
  readonly stopsAll: boolean;
}

/** Returns `undefined` if the error is a fault of the program itself. */
export function failureOf(error: unknown): GetFailure | undefined {
  if (error instanceof ConfigError)
    return { message: error.problems.join("; "), exitCode: exitCode.usage, stopsAll: false };
  if (error instanceof NameError)
    return {
      message: `${error.message}: give another name or another folder with -o`,
      exitCode: exitCode.usage,
      stopsAll: false,
    };
  if (error instanceof HostError)
    return { message: error.message, exitCode: exitCode.cannotGoOn, stopsAll: true };
  if (error instanceof FatalError)
    return { message: error.message, exitCode: exitCode.cannotGoOn, stopsAll: false };
  if (error instanceof ChecksumError)
    return { message: error.message, exitCode: exitCode.incomplete, stopsAll: false };
  if (!(error instanceof SourceError)) return undefined;
  const isLasting = error.kind === "misconfigured";
  return {
    message: error.message,
    exitCode: isLasting ? exitCode.cannotGoOn : exitCode.incomplete,
    stopsAll: isLasting && error.scope === "source",
  };
}
