import { once } from "node:events";
import { Writable } from "node:stream";
// biome-ignore lint/correctness/noUnresolvedImports: a CommonJS module, of which Node sees some names only
import cliProgress, { MultiBar, type Options, type SingleBar } from "cli-progress";
import pretty from "pino-pretty";
import { printable, printableJson, printableValue } from "./printable.ts";

/**
 * The only way out to a terminal: what leaves here holds no control character that came from outside. The linter refuses
 * `process.stdout`, `process.stderr` and `console` in every other file.
 */

/** Whether people watch what is told on stderr. */
export function isWatched(): boolean {
  return process.stderr.isTTY === true;
}

/** Lines of results on stdout; a line break within one is made visible. As fast as stdout takes them. */
export async function print(...lines: readonly string[]): Promise<void> {
  await write(process.stdout, lines.map((line) => `${printable(line)}\n`).join(""));
}

/** One JSON document on a line of stdout. */
export async function printJson(value: unknown): Promise<void> {
  await printJsonText(`${JSON.stringify(value)}\n`);
}

/** A part of a JSON document on stdout, for those too large for one text. */
export async function printJsonText(json: string): Promise<void> {
  await write(process.stdout, printableJson(json));
}

/** Clears the terminal, the cursor at the top; nothing where stdout is none. */
export async function clearTerminal(): Promise<void> {
  if (process.stdout.isTTY === true) await write(process.stdout, "\u001b[2J\u001b[H");
}

/** Lines on stderr, each begun with our name. */
export function tell(...lines: readonly string[]): void {
  tellLines(...lines.map((line) => `brigade: ${line}`));
}

/** Lines on stderr as they are. */
export function tellLines(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${printable(line)}\n`).join(""));
}

/** Help and complaints of the command line's parser: texts of several lines. */
export const parserOutput = {
  writeOut: (text: string): void => void process.stdout.write(text.split("\n").map(printable).join("\n")),
  writeErr: (text: string): void => void process.stderr.write(text.split("\n").map(printable).join("\n")),
};

/** Results that nobody can take are told to `onError`; the work goes on where nobody reads what is told of it. */
export function watchOutput(onError: (error: NodeJS.ErrnoException) => void): void {
  process.stdout.on("error", onError);
  process.stderr.on("error", () => {});
}

/** Where finished lines go. */
export interface LineSink {
  write(line: string): void;
}

/** Takes a log's JSON lines to stderr, or above bars. `readable`: for people, in colours; otherwise as they are. */
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

/** Progress bars on stderr; log lines go above. */
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

/** Fills in a bar's format as cli-progress does, with what may be shown. */
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
