import { once } from "node:events";
import { Writable } from "node:stream";
// biome-ignore lint/correctness/noUnresolvedImports: a CommonJS module, of which Node sees some names only
import cliProgress, { MultiBar, type Options, type SingleBar } from "cli-progress";
import pretty from "pino-pretty";
import { printable, printableJson, printableValue } from "./printable.ts";

/**
 * The only way out to a terminal: nothing that leaves here holds a control character from outside.
 * The linter refuses `process.stdout`, `process.stderr` and `console` in every other file.
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

/** `onError` is told if stdout takes no more results. If stderr takes no more, the work goes on. */
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

const look = { hideCursor: true, stopOnComplete: false, gracefulExit: false } satisfies Options;

/** Progress bars on stderr. Log lines go above them. */
export class Bars extends MultiBar implements LineSink {
  constructor(options: Options) {
    super({ ...look, ...options, ...printableFormat(options.format), stream: process.stderr });
  }

  override create(total: number, start: number, payload?: object, options: Options = {}): SingleBar {
    return super.create(total, start, payload, { ...options, ...printableFormat(options.format) });
  }

  write(line: string): void {
    if (!this.isActive) return void process.stderr.write(line);
    this.log(line.endsWith("\n") ? line : `${line}\n`);
    this.update();
  }
}

/** Fills in a bar's format as cli-progress does, with printable texts. */
function printableFormat(format: Options["format"]): Options {
  if (typeof format !== "string") return {};
  return {
    format: (options, params, payload) =>
      cliProgress.Format.Formatter({ ...options, format }, params, printableValue(payload)),
  };
}

async function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}
