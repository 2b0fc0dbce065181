// biome-ignore lint/correctness/noUnresolvedImports: a CommonJS module, of which Node sees some names only
import cliProgress, { MultiBar, type Options, type SingleBar } from "cli-progress";
import { printableValue } from "./printable.ts";
import type { LineSink } from "./terminal.ts";

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
