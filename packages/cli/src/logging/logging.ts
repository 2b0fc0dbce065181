import type { Log } from "@brigade/core";
import pino from "pino";
import { isWatched, type LineSink, logLines } from "../terminal/terminal.ts";
import { repeated } from "./kept-back.ts";
import { withoutRepetition } from "./repeated-lines.ts";

export interface LogOptions {
  /** Coloured lines in place of JSON; by default if stderr is a terminal. */
  readonly readable?: boolean;
  /** A progress bar that prints lines above itself. */
  readonly above?: LineSink | undefined;
}

/**
 * Returns a log that writes JSON lines on stderr, or readable ones on a terminal, and one line for
 * many that are alike. Secrets never reach a log; the redacted names are a second lock.
 */
export function createLog(level: string, { readable = isWatched(), above }: LogOptions = {}): Log {
  const options = { level, base: null, redact: ["*.password", "*.secret", "*.authorization", "*.headers"] };
  return withoutRepetition(pino(options, logLines(readable, above)), repeated);
}
