import type { Log } from "@brigade/core";
import pino from "pino";
import { isWatched, type LineSink, logLines } from "../terminal/terminal.ts";
import { RepeatedLines, withoutRepetition } from "./repeated-lines.ts";

export interface LogOptions {
  /** Coloured lines in place of JSON; by default where people watch. */
  readonly readable?: boolean;
  /** A progress bar that prints lines above itself. */
  readonly above?: LineSink | undefined;
}

/**
 * JSON lines on stderr, or readable ones when people watch; one line for many that are alike. Secrets never reach a log; the names
 * here are a second lock.
 */
export function createLog(level: string, { readable = isWatched(), above }: LogOptions = {}): Log {
  const options = { level, base: null, redact: ["*.password", "*.secret", "*.authorization", "*.headers"] };
  return withoutRepetition(pino(options, logLines(readable, above)), repeated);
}

const repeated = new RepeatedLines();
process.once("exit", flushLog);

/** Writes what was kept back: to be called before a program's last word. */
export function flushLog(): void {
  repeated.flush();
}
