import { createRequire } from "node:module";
import type { Log } from "@brigade/core";
import { isWatched, type LineSink, logLines } from "../terminal/terminal.ts";
import { repeated } from "./kept-back.ts";
import { lateLog } from "./late-log.ts";
import { withoutRepetition } from "./repeated-lines.ts";

const require = createRequire(import.meta.url);

export interface LogOptions {
  /** Coloured lines in place of JSON; by default if stderr is a terminal. */
  readonly readable?: boolean;
  /**
   * Whether the program works for long: what writes lines is loaded at once, since the process may
   * lack open files later. Otherwise it is loaded with the first line.
   */
  readonly isLong?: boolean;
  /** A progress bar that prints lines above itself. */
  readonly above?: LineSink | undefined;
}

/**
 * Returns a log that writes JSON lines on stderr, or readable ones on a terminal, and one line for
 * many that are alike. Secrets never reach a log; the redacted names are a second lock.
 */
export function createLog(
  level: string,
  { readable = isWatched(), isLong = false, above }: LogOptions = {},
): Log {
  const options = { level, base: null, redact: ["*.password", "*.secret", "*.authorization", "*.headers"] };
  const make = (): Log => {
    const pino: typeof import("pino") = require("pino");
    return pino(options, logLines(readable, above));
  };
  return withoutRepetition(isLong ? make() : lateLog(level, make), repeated);
}
