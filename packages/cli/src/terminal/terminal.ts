import { once } from "node:events";
import { createRequire } from "node:module";
import { Writable } from "node:stream";
import { printable, printableJson, printableValue } from "./printable.ts";

/** For packages that are needed on a terminal only: to load them takes 20 to 40 ms. */
const require = createRequire(import.meta.url);

/**
 * The only way out to a terminal, with the bars beside it: nothing that leaves here holds a control
 * character from outside. The linter refuses `process.stdout`, `process.stderr` and `console` in
 * every other file.
 */

/** Returns whether stderr is a terminal. */
export function isWatched(): boolean {
  return process.stderr.isTTY === true;
}

/**
 * Prints lines of results on stdout. A line break within one is made visible. Waits while stdout
 * takes no more.
 */
export async function print(...lines: readonly string[]): Promise<void> {
  await write(process.stdout, lines.map((line) => `${printable(line)}\n`).join(""));
}

/** Prints one JSON document on one line of stdout. */
export async function printJson(value: unknown): Promise<void> {
  await printJsonText(`${JSON.stringify(value)}\n`);
}

/** Prints a part of a JSON document on stdout, for those too large for one text. */
export async function printJsonText(json: string): Promise<void> {
  await write(process.stdout, printableJson(json));
}

/** Clears the terminal and puts the cursor at its top. Does nothing if stdout is no terminal. */
export async function clearTerminal(): Promise<void> {
  if (process.stdout.isTTY === true) await write(process.stdout, "\u001b[2J\u001b[H");
}

/** Prints lines on stderr, each begun with `brigade: `. */
export function tell(...lines: readonly string[]): void {
  tellLines(...lines.map((line) => `brigade: ${line}`));
}

/** Prints lines on stderr as they are. */
export function tellLines(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
}

/** Help and errors of the command line's parser: texts of several lines. */
export const parserOutput = {
  writeOut: (text: string): void => void process.stdout.write(text.split("\n").map(printable).join("\n")),
  writeErr: (text: string): void => void process.stderr.write(text.split("\n").map(printable).join("\n")),
};

/** `onError` is called when stdout is closed to results. If stderr is closed, the work goes on. */
export function watchOutput(onError: (error: NodeJS.ErrnoException) => void): void {
  process.stdout.on("error", onError);
  process.stderr.on("error", () => {});
}

/** Where whole lines go. */
export interface LineSink {
  write(line: string): void;
}

/**
 * Takes a log's JSON lines to stderr, or above bars. `readable`: in colours, for people; otherwise
 * as they are.
 */
export function logLines(readable: boolean, above: LineSink | undefined): LineSink {
  const out = above ?? process.stderr;
  if (!readable) return { write: (line) => void out.write(printableJson(line)) };
  const pretty: typeof import("pino-pretty") = require("pino-pretty");
  const stream = pretty({
    colorize: true,
    ignore: "pid,hostname",
    singleLine: true,
    translateTime: "HH:MM:ss",
    sync: true,
    destination: new Writable({
      decodeStrings: false,
      write(line: Buffer | string, _encoding, done) {
        out.write(String(line));
        done();
      },
    }),
  });
  return { write: (line) => void stream.write(`${JSON.stringify(printableValue(JSON.parse(line)))}\n`) };
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}
