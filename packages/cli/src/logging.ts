import { Writable } from "node:stream";
import type { Log } from "@brigade/core";
import pino from "pino";
import pretty from "pino-pretty";
import { RepeatedLines, withoutRepetition } from "./repeated-lines.ts";

/** Where finished lines go; a progress bar takes them in to print them above itself. */
export interface LineSink {
  write(line: string): void;
}

/**
 * JSON lines on stderr, or readable ones when people watch; one line for many that are alike. Secrets never reach a log; the names
 * here are a second lock.
 */
export function createLog(level: string, sink: LineSink, forPeople: boolean): Log {
  return withoutRepetition(lineLog(level, sink, forPeople), repeated);
}

const repeated = new RepeatedLines();
process.once("exit", flushLog);

/** Writes what was kept back: to be called before a program's last word. */
export function flushLog(): void {
  repeated.flush();
}

function lineLog(level: string, sink: LineSink, forPeople: boolean): Log {
  const options = { level, base: null, redact: ["*.password", "*.secret", "*.authorization", "*.headers"] };
  if (!forPeople) return pino(options, sink);
  const stream = pretty({
    colorize: true,
    ignore: "pid,hostname",
    singleLine: true,
    translateTime: "HH:MM:ss",
    sync: true,
    destination: new Writable({
      decodeStrings: false,
      write(line: Buffer | string, _encoding, done) {
        sink.write(String(line));
        done();
      },
    }),
  });
  return pino(options, stream);
}
